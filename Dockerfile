# COVID-XR in a container: one image, several roles (docker-compose.yml says which command is which).
# CPU build of torch:   docker build --build-arg PIP_EXTRA_INDEX_URL=... (README: "CPU or GPU")
FROM python:3.11-slim AS build

# pip reads these by itself; they are for this stage only and stay out of the image that runs.
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_FIND_LINKS
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1

RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
WORKDIR /app

# For the engine `winograd`; the image that runs has no compiler.
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*

# The large and rarely changing part first, so that a change of our code rebuilds none of it.
COPY requirements/app.txt requirements/app.txt
RUN pip install "$(grep '^torch==' requirements/app.txt)" && pip install -r requirements/app.txt

COPY . .
RUN pip install --no-deps --no-build-isolation -e . \
    && DATA_DIR=/tmp/build python manage.py compile_locale \
    && rm -rf /tmp/build


FROM python:3.11-slim AS run

ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    COVIDXR_MODE=production \
    DATA_DIR=/data \
    HOST=0.0.0.0 \
    PORT=8000 \
    ALIVE_FILE=/tmp/covidxr-alive

RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin covidxr \
    && install --directory --owner=covidxr --mode=0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app

WORKDIR /app
USER covidxr
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
    CMD ["python", "scripts/healthcheck.py", "web"]
CMD ["python", "-m", "gunicorn", "-c", "python:config.gunicorn", "config.wsgi:application"]
