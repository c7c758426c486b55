"""Clients of the local AWS, made as any program with boto3 makes them: from the environment."""

import json
import os
import unittest
import urllib.request

import boto3
from botocore.config import Config

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
MODEL = "us.anthropic.claude-haiku-4-5-20251001-v1:0"


class LocalAwsTest(unittest.TestCase):
    def setUp(self):
        control("DELETE", "")

    def error_of(self, call, **parameters):
        """The exception that a call ends with, by the name that boto3 gives it."""
        client = call.__self__
        with self.assertRaises(client.exceptions.ClientError) as caught:
            call(**parameters)
        return caught.exception


def client(service):
    return boto3.client(service, config=Config(retries={"total_max_attempts": 1}))


def script(*steps):
    """What the model does at its next calls."""
    control("PUT", "/script", {"steps": steps})


def fault(service, operation, error):
    """What goes wrong at the next call of an operation."""
    control("PUT", "/faults", {"faults": [{"service": service, "operation": operation, "fault": {"error": error}}]})


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{ENDPOINT}/_local{path}", data, method=method)) as response:
        return json.load(response)
