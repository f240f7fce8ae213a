"""The work of a chat message as a FastAPI and asyncpg service does it: what the daemon's figures stand beside.

Token, chat, question and pending answer in one transaction; the scripted model; the statement read and qualified by
sqlglot and refused unless it is one SELECT over known tables; run in a read-only transaction; query, execution, model
call, answer and audit line stored in one transaction. Served by uvicorn with uvloop and httptools, one process a core.

    STORE=postgres://... SOURCE=postgres://... MODEL=http://... TOKEN=... uvicorn chat_service:app
"""

import asyncio
import hashlib
import json
import os
import uuid
from contextlib import asynccontextmanager
from datetime import datetime, timezone

import asyncpg
import httpx
import sqlglot
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlglot.optimizer.qualify import qualify

TABLES = """
CREATE TABLE IF NOT EXISTS tokens (hash text PRIMARY KEY, owner text NOT NULL);
CREATE TABLE IF NOT EXISTS chats (id uuid PRIMARY KEY, connection_id text NOT NULL, title text, updated_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS messages (id uuid PRIMARY KEY, chat_id uuid NOT NULL REFERENCES chats, role text NOT NULL, parts jsonb NOT NULL,
  status text NOT NULL, reply_to uuid, query_id uuid, created_at timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS messages_chat ON messages (chat_id, created_at, id);
CREATE TABLE IF NOT EXISTS queries (id uuid PRIMARY KEY, message_id uuid, question text, sql text NOT NULL, canonical text NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS executions (id uuid PRIMARY KEY, query_id uuid, status text NOT NULL, rows bigint, result jsonb, created_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS llm_calls (id uuid PRIMARY KEY, message_id uuid, tokens bigint, created_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS audits (id uuid PRIMARY KEY, at timestamptz NOT NULL, actor text NOT NULL, action text NOT NULL, subject text NOT NULL);
"""
SCHEMA = {"customers": {"id": "int", "name": "text", "country": "text"},
          "orders": {"id": "int", "customer_id": "int", "placed_on": "date", "total": "decimal"}}
PROMPT = "Write one SELECT for PostgreSQL. Tables: " + json.dumps(SCHEMA) + "\nQuestion: "
HISTORY = "SELECT role, parts FROM messages WHERE chat_id = $1 ORDER BY created_at DESC, id DESC LIMIT 12"


@asynccontextmanager
async def life(app):
    app.store = await asyncpg.create_pool(os.environ["STORE"], min_size=8, max_size=16)
    app.source = await asyncpg.create_pool(os.environ["SOURCE"], min_size=8, max_size=16)
    app.model = httpx.AsyncClient(base_url=os.environ["MODEL"], timeout=120, limits=httpx.Limits(max_connections=600, max_keepalive_connections=600))
    async with app.store.acquire() as session:
        async with session.transaction():
            await session.execute("SELECT pg_advisory_xact_lock(7161)")
            await session.execute(TABLES)
            digest = hashlib.sha256(os.environ["TOKEN"].encode()).hexdigest()
            await session.execute("INSERT INTO tokens VALUES ($1, 'owner') ON CONFLICT DO NOTHING", digest)
    yield


app = FastAPI(lifespan=life)


class NewChat(BaseModel):
    connection_id: str
    title: str | None = None


class Question(BaseModel):
    text: str


async def owner(request: Request, authorization: str = Header("")):
    digest = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).hexdigest()
    found = await request.app.store.fetchval("SELECT owner FROM tokens WHERE hash = $1", digest)
    if found is None:
        raise HTTPException(401)
    return found


def now():
    return datetime.now(timezone.utc)


@app.post("/api/v1/chats", status_code=201)
async def create(chat: NewChat, request: Request, by: str = Depends(owner)):
    key = uuid.uuid4()
    await request.app.store.execute("INSERT INTO chats VALUES ($1, $2, $3, $4)", key, chat.connection_id, chat.title, now())
    return {"id": str(key)}


def checked(text):
    sql = text.split("```sql", 1)[1].split("```", 1)[0].strip()
    statements = sqlglot.parse(sql, read="postgres")
    if len(statements) != 1 or not isinstance(statements[0], sqlglot.exp.Select):
        raise HTTPException(422)
    return sql, qualify(statements[0], schema=SCHEMA, dialect="postgres").sql("postgres") + " LIMIT 1000"


async def answer(app, chat, text, by):
    asked, answered = uuid.uuid4(), uuid.uuid4()
    async with app.store.acquire() as session:
        if await session.fetchval("SELECT 1 FROM chats WHERE id = $1", chat) is None:
            raise HTTPException(404)
        history = await session.fetch(HISTORY, chat)
        async with session.transaction():
            await session.execute("UPDATE chats SET updated_at = $2 WHERE id = $1", chat, now())
            insert = "INSERT INTO messages VALUES ($1, $2, $3, $4, $5, $6, NULL, $7)"
            await session.execute(insert, asked, chat, "user", json.dumps([{"type": "text", "text": text}]), "complete", None, now())
            await session.execute(insert, answered, chat, "assistant", "[]", "pending", asked, now())
    turns = [{"role": row["role"], "content": row["parts"]} for row in reversed(history)]
    reply = await app.model.post("/chat/completions", json={"model": "scripted", "messages": [*turns, {"role": "user", "content": PROMPT + text}]})
    body = reply.json()
    sql, canonical = checked(body["choices"][0]["message"]["content"])
    async with app.source.acquire() as session:
        async with session.transaction(readonly=True):
            rows = [dict(row) for row in await session.fetch(canonical)]
    query, parts = uuid.uuid4(), [{"type": "text", "text": f"{len(rows)} rows"}, {"type": "data-rows", "data": rows}]
    async with app.store.acquire() as session, session.transaction():
        await session.execute("INSERT INTO llm_calls VALUES ($1, $2, $3, $4)", uuid.uuid4(), answered, body["usage"]["total_tokens"], now())
        await session.execute("INSERT INTO queries VALUES ($1, $2, $3, $4, $5, $6)", query, answered, text, sql, canonical, now())
        await session.execute("INSERT INTO executions VALUES ($1, $2, 'succeeded', $3, $4, $5)", uuid.uuid4(), query, len(rows), json.dumps(rows), now())
        await session.execute("UPDATE messages SET parts = $2, status = 'complete', query_id = $3 WHERE id = $1", answered, json.dumps(parts), query)
        await session.execute("INSERT INTO audits VALUES ($1, $2, $3, 'chat.answer', $4)", uuid.uuid4(), now(), by, str(answered))
    return {"message": {"id": str(answered), "status": "complete", "parts": parts}, "query": {"id": str(query), "sql": sql}, "rows": rows}


@app.post("/api/v1/chats/{chat}/messages")
async def ask(chat: uuid.UUID, question: Question, request: Request, by: str = Depends(owner), accept: str = Header("")):
    if "text/event-stream" not in accept:
        return await answer(request.app, chat, question.text, by)

    async def events():
        work = asyncio.create_task(answer(request.app, chat, question.text, by))
        while not (await asyncio.wait({work}, timeout=15))[0]:
            yield ": alive\n\n"
        yield f"data: {json.dumps(work.result())}\n\n"
        yield "data: [DONE]\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")
