"""Keys of what there is, for requests that schemathesis makes up: with random ones nearly all would end at "not found"."""

import json
import os
import random
import urllib.request

import schemathesis

BASE, TOKEN = os.environ["QUERENT_BASE"], os.environ["QUERENT_TOKEN"]
# the same choices in every run
CHOICE = random.Random(7)


def listed(path):
    request = urllib.request.Request(BASE + path, headers={"authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request) as answer:
        return [item["id"] for item in json.load(answer)["items"]]


connections = listed("/api/v1/connections")
queries = listed("/api/v1/queries")
KNOWN = {
    "connections": connections,
    "schemas": listed(f"/api/v1/connections/{connections[0]}/schemas"),
    "crawls": listed(f"/api/v1/connections/{connections[0]}/crawls"),
    "chats": listed("/api/v1/chats"),
    "queries": queries,
    "executions": listed(f"/api/v1/queries/{queries[0]}/executions"),
}


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Names a known record three times out of four, but for what would take it away."""
    operation = context.operation
    known = KNOWN.get((operation.path.split("/") + [""] * 3)[3])
    if path_parameters and "id" in path_parameters and known and operation.method.lower() != "delete" and CHOICE.random() < 0.75:
        path_parameters["id"] = CHOICE.choice(known)
    if path_parameters and "table" in path_parameters and CHOICE.random() < 0.75:
        path_parameters["table"] = "main.customers"
    return path_parameters
