"""A scripted model behind OpenAI's protocol: it answers every question about a customer's orders with the same statement.

    chat_model.py PORT [HOLD]

A question that says "slowly" is answered after HOLD seconds. Streams where it is asked to. uvloop and a parser in C, so
that it takes little of the machine that is being measured.
"""

import asyncio
import json
import re
import sys

import httptools
import uvloop

HOLD = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
CUSTOMER = re.compile(r"customer (\d+)")


def statement(text):
    customer = CUSTOMER.search(text)
    where = f" WHERE customer_id = {customer.group(1)}" if customer else ""
    return f"```sql\nSELECT count(*) AS orders FROM orders{where}\n```"


class Peer(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.parser, self.body = transport, httptools.HttpRequestParser(self), []

    def data_received(self, data):
        self.parser.feed_data(data)

    def on_body(self, body):
        self.body.append(body)

    def on_message_complete(self):
        body, self.body = b"".join(self.body), []
        if not body:
            return self.send(json.dumps({"object": "list", "data": [{"id": "scripted", "object": "model"}]}), "application/json")
        asked = json.loads(body)
        text = asked["messages"][-1]["content"]
        answer = lambda: self.answer(asked, statement(text))
        if "slowly" in text:
            asyncio.get_running_loop().call_later(HOLD, answer)
        else:
            answer()

    def answer(self, asked, content):
        usage = {"prompt_tokens": 900, "completion_tokens": 20, "total_tokens": 920}
        if not asked.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
            return self.send(json.dumps({"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage}), "application/json")
        chunk = lambda delta, reason, **more: "data: " + json.dumps(
            {"id": "x", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}], **more}
        ) + "\n\n"
        events = chunk({"role": "assistant", "content": content}, None) + chunk({}, "stop", usage=usage) + "data: [DONE]\n\n"
        self.send(events, "text/event-stream")

    def send(self, text, kind):
        body = text.encode()
        if not self.transport.is_closing():
            head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
            self.transport.write(head.encode() + body)


async def main():
    server = await asyncio.get_running_loop().create_server(Peer, "127.0.0.1", int(sys.argv[1]), backlog=1024)
    print("ready", flush=True)
    await server.serve_forever()


uvloop.run(main())
