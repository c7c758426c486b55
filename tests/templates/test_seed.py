"""`scripts/seed`, with the client of the AWS SDK, which checks each request."""

import argparse
import contextlib
import importlib.machinery
import importlib.util
import io
import pathlib
import tempfile
import unittest
from unittest import mock

import boto3
from botocore.stub import Stubber
from stack import ROOT, template

LOADER = importlib.machinery.SourceFileLoader("seed", str(ROOT / "scripts/seed"))
seed = importlib.util.module_from_spec(importlib.util.spec_from_loader("seed", LOADER))
LOADER.exec_module(seed)

INDEX = "0a1b2c3d-0000-4000-8000-000000000000"
SOURCE = {"IndexId": INDEX, "Id": "source-1"}


def client(service):
    return boto3.client(service, region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none")


class Seed(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.printed = self.enterContext(contextlib.redirect_stdout(io.StringIO()))
        self.enterContext(mock.patch("time.sleep"))

    def write(self, key, text):
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def knows_access_control(self, kendra, known):
        settings = {"aclConfigurationFilePath": "acl.json"} if known else {}
        template = {"TemplateConfiguration": {"Template": {"type": "S3", "additionalProperties": settings}}}
        kendra.add_response("describe_data_source", {"Configuration": template}, SOURCE)

    def test_files_keep_their_paths_and_the_access_control_file_names_the_bucket(self):
        self.write("hr/pay.md", "Pay")
        self.write("acl.json", '[{"keyPrefix": "s3://documents/hr/", "aclEntries": []}]')
        s3 = client("s3")
        with Stubber(s3) as stub:
            acl = b'[{"keyPrefix": "s3://demo-bucket/hr/", "aclEntries": []}]'
            for key, body, kind in [("acl.json", acl, "application/json"), ("hr/pay.md", b"Pay", "text/markdown")]:
                stub.add_response(
                    "put_object", {}, {"Bucket": "demo-bucket", "Key": key, "Body": body, "ContentType": kind}
                )
            seed.upload(s3, self.folder, "demo-bucket")
            stub.assert_no_pending_responses()

    def test_nothing_is_read_before_its_restrictions_are_known(self):
        self.write("acl.json", "[]")
        self.write("faq/faq.csv", "_question,_answer\n")
        kendra = client("kendra")
        with Stubber(kendra) as stub:
            self.knows_access_control(stub, False)
            with self.assertRaises(SystemExit) as caught:
                seed.sync(kendra, self.folder, INDEX, "source-1")
            stub.assert_no_pending_responses()
        self.assertIn("AccessControlFile=acl.json FaqKey=faq/faq.csv", str(caught.exception))

    def test_the_sync_is_followed_to_its_end(self):
        self.write("acl.json", "[]")
        for status, fails in [("SUCCEEDED", False), ("FAILED", True)]:
            kendra = client("kendra")
            with Stubber(kendra) as stub:
                self.knows_access_control(stub, True)
                stub.add_response("start_data_source_sync_job", {"ExecutionId": "run-1"}, SOURCE)
                other = {"ExecutionId": "run-0", "Status": "FAILED"}
                for job in [
                    None,
                    {"ExecutionId": "run-1", "Status": "SYNCING"},
                    {"ExecutionId": "run-1", "Status": status, "Metrics": {"DocumentsAdded": "43"}},
                ]:
                    history = {"History": [other] if job is None else [job, other]}
                    stub.add_response("list_data_source_sync_jobs", history, {**SOURCE, "MaxResults": 10})
                with self.assertRaises(SystemExit) if fails else contextlib.nullcontext():
                    seed.sync(kendra, self.folder, INDEX, "source-1")
                stub.assert_no_pending_responses()
            self.assertIn(f"{status} added 43", self.printed.getvalue())

    def test_the_sample_database_goes_where_its_tables_look(self):
        def write(command, cwd, check):
            self.assertEqual((command[:-1], check), (["cargo", "run", "--", "sample-database"], True))
            path = pathlib.Path(command[-1]) / "orders/orders.parquet"
            path.parent.mkdir()
            path.write_bytes(b"PAR1")

        s3 = client("s3")
        with Stubber(s3) as stub, mock.patch("subprocess.run", write):
            for key, body, kind in [
                ("retail/orders/orders.parquet", b"PAR1", "application/octet-stream"),
                ("layers/shop.yaml", (ROOT / "samples/retail/retail.yaml").read_bytes(), "application/yaml"),
            ]:
                stub.add_response(
                    "put_object", {}, {"Bucket": "demo-bucket", "Key": key, "Body": body, "ContentType": kind}
                )
            seed.upload_sample(s3, "shop", "demo-bucket")
            stub.assert_no_pending_responses()
        tables = template("athena.yaml")["Resources"]["OrdersTable"]["Properties"]["TableInput"]
        self.assertEqual(tables["StorageDescriptor"]["Location"], {"Fn::Sub": "s3://${Bucket}/retail/orders/"})

    def test_semantic_layers_keep_their_names(self):
        self.write("sales.yaml", "tables: {}\n")
        self.write("notes.txt", "")
        s3 = client("s3")
        with Stubber(s3) as stub:
            layer = {"Key": "layers/sales.yaml", "Body": b"tables: {}\n", "ContentType": "application/yaml"}
            stub.add_response("put_object", {}, {"Bucket": "demo-bucket", **layer})
            seed.upload_layers(s3, self.folder, "demo-bucket")
            stub.assert_no_pending_responses()

    def test_a_stack_without_a_place_for_it_says_where_to_read(self):
        index, sample, database = "KendraDocumentSource", "QuerySampleDatabase", "QueryBucket"
        for outputs, folder, layers, missing in [
            ([], None, None, "neither"),
            ([database], None, None, "neither"),
            ([database, sample], self.folder, None, "no index"),
            ([index], None, self.folder, "no database"),
        ]:
            with self.subTest(outputs), self.assertRaises(SystemExit) as caught:
                seed.check(dict.fromkeys(outputs, ""), "demo", argparse.Namespace(folder=folder, layers=layers))
            self.assertIn(missing, str(caught.exception))
            self.assertIn("docs/deploy.md", str(caught.exception))
        for outputs, folder, layers in [
            ([index], None, None),
            ([index], self.folder, None),
            ([database, sample], None, None),
            ([database], None, self.folder),
            ([index, database, sample], self.folder, self.folder),
        ]:
            seed.check(dict.fromkeys(outputs, ""), "demo", argparse.Namespace(folder=folder, layers=layers))

    def test_outputs_are_those_of_the_stack(self):
        cloudformation = client("cloudformation")
        with Stubber(cloudformation) as stub:
            outputs = [{"OutputKey": "QueryBucket", "OutputValue": "demo-bucket"}]
            stack = {"StackName": "demo", "CreationTime": 0, "StackStatus": "CREATE_COMPLETE", "Outputs": outputs}
            stub.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": "demo"})
            self.assertEqual(seed.outputs_of(cloudformation, "demo"), {"QueryBucket": "demo-bucket"})

    def test_the_deployment_is_what_was_deployed(self):
        self.write("samconfig.local.toml", (ROOT / "samconfig.toml").read_text() + 'region = "eu-west-1"\n')
        self.assertEqual(
            seed.deployment(self.folder / "samconfig.local.toml"), ("serverless-genai-rust", "eu-west-1")
        )


if __name__ == "__main__":
    unittest.main()
