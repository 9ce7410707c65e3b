"""What people type and choose: the only readers of what pages send."""
