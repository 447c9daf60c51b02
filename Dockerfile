# One image for every service of docker-compose.yml: what each of them runs is its command there.
# It builds with and without BuildKit. docs/deployment.md says what it holds and what that weighs.

FROM python:3.11-slim-bookworm AS build

RUN python3 -m venv /opt/rewardsmith
ENV PATH=/opt/rewardsmith/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
WORKDIR /source

# What others wrote lies in a layer of its own: a change of our code does not install it again.
COPY pyproject.toml constraints.txt ./
RUN python3 -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' > wanted.txt \
 && pip install --constraint constraints.txt --requirement wanted.txt

COPY README.md ./
COPY prompts prompts
COPY sandbox sandbox
COPY envs envs
COPY service service
RUN pip install --no-deps . \
 && pip uninstall --yes pip setuptools

FROM python:3.11-slim-bookworm

RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin rewardsmith \
 && mkdir --parents /data /home/rewardsmith/.cache \
 && chown rewardsmith: /data /home/rewardsmith/.cache # which volumes made on them take over
COPY --from=build /opt/rewardsmith /opt/rewardsmith

ENV PATH=/opt/rewardsmith/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    REWARDSMITH_DATA_FOLDER=/data
USER rewardsmith
WORKDIR /home/rewardsmith
CMD ["rewardsmith", "--help"]
