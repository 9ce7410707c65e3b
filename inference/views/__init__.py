"""What a person may see and ask of predictions, one module for each kind of page."""
