"""How the web server runs: `gunicorn -c python:config.gunicorn config.wsgi:application`.

Threads, because views wait for the disk and the database; never torch in here.
"""

from pathlib import Path

from config import env

HOST = env.text("HOST", "127.0.0.1")

bind = f"[{HOST}]:{env.whole('PORT', 8000)}" if ":" in HOST else f"{HOST}:{env.whole('PORT', 8000)}"
worker_class = "gthread"
workers = env.whole("WEB_CONCURRENCY", 2)
threads = env.whole("WEB_THREADS", 4)
# Loaded once and shared by fork: the second worker costs little memory and no time.
preload_app = True
timeout = 120
graceful_timeout = 10
keepalive = 5
# A heartbeat file on a slow disk would get healthy workers killed.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
errorlog = "-"
loglevel = "warning"
