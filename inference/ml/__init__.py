"""Networks: arrays in, frozen dataclasses out; neither Django nor Celery.

OpenMP's threads soon sleep here when they wait for each other. By default GNU's spin for
milliseconds: where anything else runs (a decoder, a web server), they spin away the time of the
very thread that they wait for. Measured beside two busy web processes, a radiograph then took 372
ms of processor time instead of 90. It is said here, before any library is loaded: torch lends its
OpenMP to ncnn, and reads the number once. An administrator who sets it knows better.
"""

import os

os.environ.setdefault("GOMP_SPINCOUNT", "1000")
