"""The least that a FastAPI application does: read JSON, insert a row by asyncpg, answer 202."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from pydantic import BaseModel


class Order(BaseModel):
    """What is asked for."""

    externalId: str  # noqa: N815 - as the gateway's API has it
    amount: str
    msisdn: str


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=8, max_size=8) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=_lifespan)


@app.post("/orders", status_code=202)
async def accept(wanted: Order, request: Request) -> Any:
    """Insert."""
    made = str(uuid.uuid4())
    await request.app.state.pool.execute(
        "INSERT INTO orders (id, external_id, amount, msisdn, state) VALUES ($1, $2, $3, $4, $5)",
        made,
        wanted.externalId,
        wanted.amount,
        wanted.msisdn,
        "PENDING",
    )
    return {"id": made, **wanted.model_dump(), "state": "PENDING"}


@app.post("/network")
async def network() -> Any:
    """A network that takes 120 ms, for the ruler that calls one inside the request."""
    await asyncio.sleep(0.12)
    return {}
