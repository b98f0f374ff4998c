"""The least that FastAPI can do, served as the API is (`serving/server.py`): `python -m benchmarks.hello PORT`."""

import sys

import uvicorn
from fastapi import FastAPI

app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)


@app.get("/hello")
async def hello() -> dict[str, str]:
    """What every tutorial begins with."""
    return {"hello": "world"}


def main() -> None:
    """Serve until SIGTERM; the options are those of the API."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=30,
        backlog=2048,
    )


if __name__ == "__main__":
    main()
