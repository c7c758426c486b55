"""Writes the excerpts beside this file from botocore's service models (Apache-2.0): the shapes of the requests, without words.

    python3 excerpt.py    # needs botocore; run it again when an operation is added
"""

import gzip
import json
import pathlib

import botocore

SERVICES = {
    "athena": [
        "BatchGetQueryExecution",
        "GetDatabase",
        "GetQueryExecution",
        "GetQueryResults",
        "GetTableMetadata",
        "GetWorkGroup",
        "ListDatabases",
        "ListQueryExecutions",
        "ListTableMetadata",
        "StartQueryExecution",
        "StopQueryExecution",
    ],
    "bedrock-runtime": [
        "Converse",
        "ConverseStream",
        "CountTokens",
        "InvokeModel",
        "InvokeModelWithResponseStream",
    ],
    "dynamodb": [
        "BatchExecuteStatement",
        "BatchGetItem",
        "BatchWriteItem",
        "CreateTable",
        "DeleteItem",
        "DeleteTable",
        "DescribeTable",
        "DescribeTimeToLive",
        "ExecuteStatement",
        "ExecuteTransaction",
        "GetItem",
        "ListTables",
        "ListTagsOfResource",
        "PutItem",
        "Query",
        "Scan",
        "TagResource",
        "TransactGetItems",
        "TransactWriteItems",
        "UntagResource",
        "UpdateItem",
        "UpdateTable",
        "UpdateTimeToLive",
    ],
    "kendra": [
        "BatchDeleteDocument",
        "BatchGetDocumentStatus",
        "BatchPutDocument",
        "DescribeIndex",
        "ListDataSourceSyncJobs",
        "ListDataSources",
        "ListFaqs",
        "Query",
        "Retrieve",
        "StartDataSourceSyncJob",
        "StopDataSourceSyncJob",
        "SubmitFeedback",
    ],
}
KEPT = {"type", "required", "members", "member", "key", "value", "union", "document", "enum", "min", "max", "pattern"}
KEPT_OF_MEMBER = {"shape", "location"}


def excerpt(service, served):
    folder = pathlib.Path(botocore.__file__).parent / "data" / service
    path = sorted(folder.iterdir())[-1] / "service-2.json.gz"
    model = json.loads(gzip.decompress(path.read_bytes()))
    inputs = {name: op.get("input", {}).get("shape") for name, op in sorted(model["operations"].items())}
    shapes = {}

    def take(name):
        if name in shapes:
            return
        shape = {k: v for k, v in model["shapes"][name].items() if k in KEPT}
        shapes[name] = shape
        if "members" in shape:
            shape["members"] = {
                member: {k: v for k, v in reference.items() if k in KEPT_OF_MEMBER}
                for member, reference in shape["members"].items()
            }
            for reference in shape["members"].values():
                take(reference["shape"])
        for part in ("member", "key", "value"):
            if part in shape:
                shape[part] = {"shape": shape[part]["shape"]}
                take(shape[part]["shape"])

    for name, shape in inputs.items():
        if shape and name in served:
            take(shape)
    inputs = {name: shape if name in served else None for name, shape in inputs.items()}
    return {"operations": inputs, "shapes": dict(sorted(shapes.items()))}


for service, served in SERVICES.items():
    target = pathlib.Path(__file__).parent / f"{service}.json"
    lines = json.dumps(excerpt(service, served), separators=(",", ":"))
    target.write_text(lines.replace('},"', '},\n"') + "\n")
