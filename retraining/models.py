"""No rows yet: the walking platform trains by command (`manage.py train_baseline`)."""
