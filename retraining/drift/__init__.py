"""Whether what institutions send still looks like what the live model learned from."""
