# Two stages: the wheel is built where there are compilers and npm, and runs where there are not.
FROM python:3.13-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY requirements.lock ./
RUN python -m venv /build && /build/bin/pip install --require-hashes --no-deps -r requirements.lock
COPY pyproject.toml README.md hatch_build.py package.json package-lock.json .npmrc wsgi.py ./
COPY caseflow caseflow
COPY migrations migrations
COPY translations translations
RUN /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheel .
# What runs needs less: the same versions without the tools of development.
COPY requirements-run.lock ./
RUN python -m venv /app && /app/bin/pip install --require-hashes --no-deps -r requirements-run.lock \
    && /app/bin/pip install --no-deps /wheel/*.whl

FROM python:3.13-slim-trixie
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin caseflow
COPY --from=build /app /app
# Freed memory goes back: each thread would keep it in an arena of its own, and a process grow for hours.
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2 \
    MALLOC_TRIM_THRESHOLD_=131072 MALLOC_MMAP_THRESHOLD_=131072
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["caseflow"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
