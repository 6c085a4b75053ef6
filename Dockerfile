# The chat over the articles in /data/articles, with its index in /data/index. Nothing else is written: the root file
# system may be read-only, with a small /tmp in memory.
FROM python:3.13-slim AS build
WORKDIR /source
COPY LICENSE README.md constraints.txt pyproject.toml ./
COPY src src
# From here torch comes for the processor alone; the plain wheel brings gigabytes for graphics cards.
ENV PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
RUN python -m venv /opt/pincite \
    && /opt/pincite/bin/pip install --no-cache-dir -c constraints.txt '.[offline,milvus]'
# The model is exported once, so that no container has to load torch before its first answer.
ENV XDG_CACHE_HOME=/opt/pincite/cache
RUN mkdir /tmp/articles \
    && echo "The model is exported when the first article is embedded." > /tmp/articles/first.txt \
    && /opt/pincite/bin/pincite update /tmp/articles --index /tmp/index

FROM python:3.13-slim
COPY --from=build /opt/pincite /opt/pincite
RUN useradd --uid 10001 --no-create-home pincite \
    && install -d -o pincite -g pincite /data /data/articles /data/index
ENV PATH=/opt/pincite/bin:$PATH \
    XDG_CACHE_HOME=/opt/pincite/cache \
    XDG_DATA_HOME=/data \
    HOME=/tmp
USER 10001
VOLUME /data
EXPOSE 7860
# A first update may take long. No proxy is asked for this machine.
HEALTHCHECK --interval=30s --timeout=5s --start-period=2h \
    CMD ["python", "-c", "from urllib.request import *; build_opener(ProxyHandler({})).open('http://127.0.0.1:7860/status', timeout=4)"]
# Whoever reaches the port may ask; to add articles and update takes the token, without which nothing starts. Where an
# update is refused, the index from before answers on.
CMD ["sh", "-c", ": ${PINCITE_TOKEN:?set it to a secret of your own} \
    && { pincite update /data/articles --index \"${PINCITE_INDEX:-/data/index}\" || true; } \
    && exec pincite chat --index \"${PINCITE_INDEX:-/data/index}\" --host 0.0.0.0 --watch"]
