"""A training run, stage by stage: snapshot, features, training, evaluation, writing.

Each module is one stage; `attempt` is what they all tell their progress to.
"""
