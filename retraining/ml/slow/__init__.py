"""The slow lane: whole networks, convolutions and head, trained from films.

An epoch takes minutes, so that each one is kept on the disk (`checkpoint`) and its random numbers
depend on the seed and its number alone: a run that is killed goes on after its last whole epoch and
ends as if nobody had disturbed it.
"""
