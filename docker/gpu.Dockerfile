# compare_gan on NVIDIA GPUs. The host needs a driver and NVIDIA's container
# toolkit; CUDA comes with the wheels. From the folder that holds setup.py:
#   docker build -f docker/gpu.Dockerfile -t compare_gan:gpu .
#   docker run --rm --gpus all -v "$PWD:/work" --user "$(id -u)" \
#     compare_gan:gpu compare_gan.main --gin_config=biggan_cifar.gin \
#     --model_dir=run
FROM python:3.12-slim-bookworm

LABEL org.opencontainers.image.title="compare_gan" \
      org.opencontainers.image.licenses="Apache-2.0"

ENV PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

WORKDIR /opt/compare_gan
COPY setup.py pyproject.toml MANIFEST.in README.md LICENSE ./
COPY compare_gan compare_gan
COPY configs configs
RUN pip install --no-cache-dir "./[gpu]"

# Any user may write here: the caches of HOME, and model_dirs.
WORKDIR /work
RUN chmod 1777 .
ENV HOME=/work
USER 1000

ENTRYPOINT ["python", "-m"]
CMD ["compare_gan", "--help"]
