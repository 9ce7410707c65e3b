"""What `manage.py up` does, in steps: look, prepare, start, watch, stop."""
