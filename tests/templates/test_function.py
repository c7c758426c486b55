"""The function in kendra.yaml that makes data sources, with the client of the AWS SDK, which checks each request."""

import sys
import types
import unittest
from unittest import mock

import boto3
from botocore.stub import Stubber
from stack import template

INDEX = "0a1b2c3d-0000-4000-8000-000000000000"
OTHER_INDEX = "1a1b2c3d-0000-4000-8000-000000000000"
ROLE = "arn:aws:iam::123456789012:role/demo/WebPagesRole"
CODE = template("kendra.yaml")["Resources"]["DataSourceFunction"]["Properties"]["Code"]["ZipFile"]
# As CloudFormation hands it over.
TEMPLATE = {"type": "WEBCRAWLERV2", "additionalProperties": {"honorRobots": "true", "crawlDepth": "1", "proxies": []}}
PROPERTIES = {"IndexId": INDEX, "Name": "demo-web-crawler", "RoleArn": ROLE, "Schedule": "", "Template": TEMPLATE}
TYPED = {"type": "WEBCRAWLERV2", "additionalProperties": {"honorRobots": True, "crawlDepth": "1", "proxies": []}}
SETTINGS = {
    "IndexId": INDEX,
    "Name": "demo-web-crawler",
    "RoleArn": ROLE,
    "Schedule": "",
    "Configuration": {"TemplateConfiguration": {"Template": TYPED}},
}
CREATION = {"ClientToken": "request-1", "Type": "TEMPLATE", **SETTINGS}
IDENTIFIED = {"Id": "source-1", "IndexId": INDEX}


class FunctionTest(unittest.TestCase):
    def setUp(self):
        self.answers = []
        cfnresponse = types.ModuleType("cfnresponse")
        cfnresponse.SUCCESS, cfnresponse.FAILED = "SUCCESS", "FAILED"
        cfnresponse.send = lambda event, context, status, data, identifier, reason=None: self.answers.append(
            (status, identifier, reason)
        )
        client = boto3.client(
            "kendra", region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none"
        )
        self.function = {}
        self.enterContext(mock.patch.dict(sys.modules, {"cfnresponse": cfnresponse}))
        self.enterContext(mock.patch("boto3.client", return_value=client))
        self.slept = self.enterContext(mock.patch("time.sleep"))
        self.enterContext(mock.patch("builtins.print"))
        exec(compile(CODE, "index.py", "exec"), self.function)
        self.kendra = self.enterContext(Stubber(client))

    def ask(self, request, properties=PROPERTIES, **more):
        event = {"RequestType": request, "RequestId": "request-1", "ResourceProperties": properties, **more}
        self.function["handler"](event, None)
        self.kendra.assert_no_pending_responses()
        (answer,) = self.answers
        return answer

    def expect(self, operation, request, answer=None, error=None, message=""):
        if error:
            self.kendra.add_client_error(operation, error, message, expected_params=request)
        else:
            self.kendra.add_response(operation, answer or {}, request)

    def test_a_data_source_is_made_with_booleans_and_read_once_it_is_there(self):
        self.expect("create_data_source", CREATION, {"Id": "source-1"})
        self.expect("describe_data_source", IDENTIFIED, {"Status": "CREATING"})
        self.expect("describe_data_source", IDENTIFIED, {"Status": "ACTIVE"})
        self.expect("start_data_source_sync_job", IDENTIFIED)
        self.assertEqual(self.ask("Create"), ("SUCCESS", "source-1", None))

    def test_a_new_role_is_waited_for(self):
        self.expect("create_data_source", CREATION, None, "ValidationException", "The role cannot be assumed.")
        self.expect("create_data_source", CREATION, {"Id": "source-1"})
        self.expect("describe_data_source", IDENTIFIED, {"Status": "ACTIVE"})
        self.expect("start_data_source_sync_job", IDENTIFIED)
        self.assertEqual(self.ask("Create")[0], "SUCCESS")
        self.slept.assert_called_once()

    def test_what_kendra_refuses_is_said_at_once(self):
        self.expect("create_data_source", CREATION, None, "ValidationException", "Template: crawlDepth is wrong.")
        status, identifier, reason = self.ask("Create")
        self.assertEqual((status, identifier), ("FAILED", "none"))
        self.assertIn("crawlDepth is wrong", reason)

    def test_a_data_source_that_failed_can_be_removed(self):
        self.expect("create_data_source", CREATION, {"Id": "source-1"})
        self.expect("describe_data_source", IDENTIFIED, {"Status": "FAILED", "ErrorMessage": "no such host"})
        self.expect("delete_data_source", IDENTIFIED)
        self.assertEqual(self.ask("Create"), ("FAILED", "none", "no such host"))

    def test_a_sync_that_cannot_start_leaves_the_data_source(self):
        self.expect("create_data_source", CREATION, {"Id": "source-1"})
        self.expect("describe_data_source", IDENTIFIED, {"Status": "ACTIVE"})
        self.expect("start_data_source_sync_job", IDENTIFIED, None, "ResourceInUseException")
        self.assertEqual(self.ask("Create")[:2], ("SUCCESS", "source-1"))

    def test_a_change_is_made_in_place(self):
        self.expect("update_data_source", {"Id": "source-1", **SETTINGS})
        answer = self.ask("Update", PhysicalResourceId="source-1", OldResourceProperties=PROPERTIES)
        self.assertEqual(answer[:2], ("SUCCESS", "source-1"))

    def test_another_index_gets_another_data_source(self):
        identified = {"Id": "source-2", "IndexId": OTHER_INDEX}
        self.expect("create_data_source", {**CREATION, "IndexId": OTHER_INDEX}, {"Id": "source-2"})
        self.expect("describe_data_source", identified, {"Status": "ACTIVE"})
        self.expect("start_data_source_sync_job", identified)
        changed = {**PROPERTIES, "IndexId": OTHER_INDEX}
        answer = self.ask("Update", changed, PhysicalResourceId="source-1", OldResourceProperties=PROPERTIES)
        self.assertEqual(answer[:2], ("SUCCESS", "source-2"))

    def test_removing_twice_is_removing(self):
        self.expect("delete_data_source", IDENTIFIED, None, "ResourceNotFoundException")
        self.assertEqual(self.ask("Delete", PhysicalResourceId="source-1")[0], "SUCCESS")

    def test_what_was_never_made_is_not_removed(self):
        self.assertEqual(self.ask("Delete", PhysicalResourceId="none")[0], "SUCCESS")

    def test_what_cloudformation_made_is_only_read_for_the_first_time(self):
        properties = {"IndexId": INDEX, "DataSourceId": "source-1"}
        self.expect("describe_data_source", IDENTIFIED, {"Status": "ACTIVE"})
        self.expect("start_data_source_sync_job", IDENTIFIED)
        self.assertEqual(self.ask("Create", properties)[:2], ("SUCCESS", "source-1"))
        self.answers.clear()
        same = self.ask("Update", properties, PhysicalResourceId="source-1", OldResourceProperties=properties)
        self.assertEqual(same[:2], ("SUCCESS", "source-1"))
        self.answers.clear()
        self.assertEqual(self.ask("Delete", properties, PhysicalResourceId="source-1")[0], "SUCCESS")


if __name__ == "__main__":
    unittest.main()
