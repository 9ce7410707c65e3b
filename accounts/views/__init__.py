"""Pages of the accounts room: people, institutions and one's own account."""
