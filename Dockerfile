# The course on the CPU:  docker build -t paddle-course . && docker run --rm -p 8888:8888 paddle-course
FROM python:3.12-slim-bookworm

# What Paddle's wheel links to, and what the Makefile runs with. Debian's own versions will do.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git libgomp1 make \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 course \
 && mkdir /srv/paddle-course \
 && chown course:course /srv/paddle-course

USER 1000
WORKDIR /srv/paddle-course
COPY --chown=course:course requirements.lock ./
RUN python -m venv .venv \
 && .venv/bin/python -m pip install --no-cache-dir --requirement requirements.lock
COPY --chown=course:course . .
RUN .venv/bin/python -m pip install --no-cache-dir --no-deps --editable . \
 && touch .venv/.ready

EXPOSE 8888
CMD [".venv/bin/python", "-m", "jupyterlab", "--ip=0.0.0.0", "--no-browser", "--LabApp.default_url=/lab"]
