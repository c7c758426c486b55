"""template.yaml and kendra.yaml, and the connectors that are included there, with the parameters that matter."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import jsonschema
from referencing import Registry, Resource
from samcli.yamlhelper import yaml_parse
from stack import ROOT, Invalid, Stack, template

def location(value):
    """The file that is included somewhere in a resource."""
    if not isinstance(value, dict):
        return None
    if "Fn::Transform" in value:
        return value["Fn::Transform"]["Parameters"]["Location"]
    return next(filter(None, map(location, value.values())), None)


KENDRA = template("kendra.yaml")
MAIN = template("template.yaml")
INDEX = "0a1b2c3d-0000-4000-8000-000000000000"
KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000"
POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI"
THIRD_PARTIES = {
    "Confluence": {"ConfluenceUrl": "https://example.atlassian.net"},
    "GitHub": {"GitHubOrganization": "example"},
    "GoogleDrive": {},
    "Jira": {"JiraUrl": "https://example.atlassian.net/"},
    "OneDrive": {"MicrosoftTenantId": INDEX},
    "Salesforce": {},
    "ServiceNow": {"ServiceNowHost": "example.service-now.com"},
    "SharePoint": {
        "MicrosoftTenantId": INDEX,
        "SharePointDomain": "example",
        "SharePointSiteUrls": "https://example.sharepoint.com/sites/a,https://example.sharepoint.com/sites/b",
    },
    "Slack": {"SlackTeamId": "T0123456789"},
    "Teams": {"MicrosoftTenantId": INDEX},
}
SEEDS = [f"https://www.example.org/{page}" for page in range(1, 11)]


def parameters_of(name):
    secret = f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{name.lower()}-AbCdEf"
    return {f"{name}SecretArn": secret, **THIRD_PARTIES[name]}


EVERYTHING = {key: value for name in THIRD_PARTIES for key, value in parameters_of(name).items()} | {
    "SecretsKeyArn": KEY,
    "CrawlSeedUrls": ",".join(SEEDS),
    "AccessControlFile": "acl.json",
    "FaqKey": "faq/faq.csv",
}
NOBODY = {"S3Connector": "false"}
INDEXES = [
    {"KendraEdition": "DEVELOPER_EDITION"},
    {"KendraEdition": "ENTERPRISE_EDITION", "KendraKeyArn": KEY},
    {"KendraEdition": "ENTERPRISE_EDITION", "KendraUserContext": "token", "UserPoolArn": POOL},
    {"KendraEdition": "GEN_AI_ENTERPRISE_EDITION", "KendraUserContext": "off"},
    {"KendraIndexId": INDEX},
]
SOURCES = [
    {},
    NOBODY,
    {"DocumentBucketName": "example-documents", "AccessControlFile": "acl.json", "FaqKey": "faq/faq.csv"},
    {"DocumentBucketName": "example-documents", "FaqKey": "faq/faq.csv", **NOBODY},
    {"CrawlSeedUrls": SEEDS[0], "CrawlSchedule": "cron(0 4 * * ? *)", **NOBODY},
    {"CrawlSeedUrls": ",".join(SEEDS[:7])},
    EVERYTHING,
    *({**parameters_of(name), **NOBODY} for name in THIRD_PARTIES),
]
LOCATIONS = {name: location(it) for name, it in yaml_parse((ROOT / "kendra.yaml").read_text())["Resources"].items()}
COMBINATIONS = [{**index, **sources} for index in INDEXES for sources in SOURCES]


def templates_of(stack):
    """The connectors' templates by the names of their files."""
    made = {name: it["Properties"]["Template"] for name, it in stack.of_type("Custom::DataSource").items()}
    for name, source in stack.of_type("AWS::Kendra::DataSource").items():
        made[name] = source["Properties"]["DataSourceConfiguration"]["TemplateConfiguration"]["Template"]
    return {pathlib.Path(LOCATIONS[name]).stem: template for name, template in made.items()}


def schemas():
    return {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "connectors/schema").glob("*.json"))}


def validate(name, connector):
    known = schemas()
    registry = Registry().with_resource("common.json", Resource.from_contents(known["common"]))
    jsonschema.Draft202012Validator(known[name], registry=registry).validate(connector)


class Connectors(unittest.TestCase):
    def test_each_file_is_included_and_has_a_schema(self):
        files = {path.stem for path in (ROOT / "connectors").glob("*.json")}
        self.assertEqual(len(files), 12)
        self.assertEqual({*schemas()} - {"common"}, files)
        self.assertEqual(set(templates_of(Stack(KENDRA, KendraIndexId=INDEX, **EVERYTHING))), files)

    def test_schemas_are_schemas(self):
        for name, schema in schemas().items():
            with self.subTest(name):
                jsonschema.Draft202012Validator.check_schema(schema)

    def test_each_template_is_valid_with_every_combination(self):
        for parameters in COMBINATIONS:
            for name, connector in templates_of(Stack(KENDRA, **parameters)).items():
                with self.subTest(name, **parameters):
                    validate(name, connector)

    def test_a_schema_refuses_what_is_wrong(self):
        crawler = templates_of(Stack(KENDRA, KendraIndexId=INDEX, **EVERYTHING))["web-crawler"]
        for change in [
            {"type": "WEBCRAWLER"},
            {"syncMode": "SOMETIMES"},
            {"additionalProperties": {**crawler["additionalProperties"], "honourRobots": True}},
            {"additionalProperties": {**crawler["additionalProperties"], "crawlDepth": 1}},
            {"additionalProperties": {**crawler["additionalProperties"], "honorRobots": "true"}},
            {"connectionConfiguration": {"repositoryEndpointMetadata": {"seedUrlConnections": []}}},
        ]:
            with self.subTest(**change), self.assertRaises(jsonschema.ValidationError):
                validate("web-crawler", {**crawler, **change})

    def test_each_third_party_tells_the_index_who_may_see_what(self):
        stack = Stack(KENDRA, KendraIndexId=INDEX, **EVERYTHING)
        for name, connector in templates_of(stack).items():
            if name not in ("s3", "web-crawler"):
                self.assertIs(connector["enableIdentityCrawler"], True, name)
                settings = connector["additionalProperties"]
                refused = [key for key, value in settings.items() if "acl" in key.lower() and value is not True]
                self.assertEqual(refused, [], name)

    def test_seed_urls_are_those_of_the_parameter(self):
        for count in range(1, 11):
            crawler = templates_of(Stack(KENDRA, KendraIndexId=INDEX, CrawlSeedUrls=",".join(SEEDS[:count])))
            endpoint = crawler["web-crawler"]["connectionConfiguration"]["repositoryEndpointMetadata"]
            self.assertEqual([seed["seedUrl"] for seed in endpoint["seedUrlConnections"]], SEEDS[:count])

    def test_s3_leaves_out_what_is_no_document(self):
        stack = Stack(KENDRA, KendraIndexId=INDEX, AccessControlFile="acl.json")
        self.assertEqual(templates_of(stack)["s3"]["additionalProperties"]["exclusionPrefixes"], ["faq/", "acl.json"])
        stack = Stack(KENDRA, KendraIndexId=INDEX)
        settings = templates_of(stack)["s3"]["additionalProperties"]
        self.assertEqual(settings["exclusionPrefixes"], ["faq/"])
        self.assertNotIn("aclConfigurationFilePath", settings)


class KendraStack(unittest.TestCase):
    def test_every_parameter_and_condition_is_used(self):
        used = json.dumps({**KENDRA, "Parameters": {}, "Metadata": {}})
        for name in KENDRA["Parameters"]:
            self.assertTrue(f'"Ref": "{name}"' in used or f"${{{name}}}" in used, name)
        asked = set().union(*(Stack(KENDRA, **parameters).asked for parameters in COMBINATIONS))
        self.assertEqual(asked, set(KENDRA["Conditions"]))

    def test_an_index_is_made_or_there_is_one(self):
        for parameters in COMBINATIONS:
            with self.subTest(**parameters):
                stack = Stack(KENDRA, **parameters)
                self.assertEqual(bool(stack.of_type("AWS::Kendra::Index")), "KendraEdition" in parameters)
                index = "Index.Id" if "KendraEdition" in parameters else INDEX
                self.assertEqual(stack.outputs["IndexId"], index)
                for it in stack.resources.values():
                    self.assertEqual(it["Properties"].get("IndexId", index), index)
        for refused in [
            {},
            {"KendraEdition": "DEVELOPER_EDITION", "KendraIndexId": INDEX},
            {"KendraEdition": "GEN_AI_ENTERPRISE_EDITION", "KendraUserContext": "token", "UserPoolArn": POOL},
            {"KendraEdition": "ENTERPRISE_EDITION", "KendraUserContext": "token"},
            {"KendraIndexId": INDEX, "CrawlSeedUrls": ",".join([*SEEDS, "https://example.com"])},
            {"KendraIndexId": INDEX, "MetadataPrefix": ""},
        ]:
            with self.subTest(**refused), self.assertRaises(Invalid):
                Stack(KENDRA, **refused)

    def test_a_secret_alone_is_not_enough_where_there_is_more_to_know(self):
        for name, needed in THIRD_PARTIES.items():
            for missing in needed:
                parameters = {"KendraIndexId": INDEX, **parameters_of(name)}
                del parameters[missing]
                for whole in (KENDRA, MAIN):
                    with self.subTest(missing), self.assertRaisesRegex(Invalid, f"{name}SecretArn needs .*{missing}"):
                        Stack(whole, **parameters)

    def test_tokens_are_read_with_the_keys_of_the_pool(self):
        (index,) = Stack(KENDRA, **INDEXES[2]).of_type("AWS::Kendra::Index").values()
        self.assertEqual(index["Properties"]["UserContextPolicy"], "USER_TOKEN")
        (tokens,) = index["Properties"]["UserTokenConfigurations"]
        self.assertEqual(
            tokens["JwtTokenTypeConfiguration"]["URL"],
            "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI/.well-known/jwks.json",
        )

    def test_roles_name_what_they_are_for_and_trust_kendra_for_this_account_only(self):
        for parameters in COMBINATIONS:
            stack = Stack(KENDRA, **parameters)
            for name, role in stack.of_type("AWS::IAM::Role").items():
                (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
                if trust["Principal"] == {"Service": "kendra.amazonaws.com"}:
                    self.assertEqual(trust["Condition"]["StringEquals"], {"aws:SourceAccount": "123456789012"})
                    source = trust["Condition"]["ArnLike"]["aws:SourceArn"]
                    self.assertEqual(source, "arn:aws:kendra:us-east-1:123456789012:index/*")
                if third_party := THIRD_PARTIES.keys() & {name.removesuffix("Role")}:
                    (policy,) = role["Properties"]["Policies"]
                    (statement,) = policy["PolicyDocument"]["Statement"]
                    self.assertEqual(statement["Action"], "secretsmanager:GetSecretValue")
                    self.assertEqual(statement["Resource"], parameters[f"{third_party.pop()}SecretArn"])
            for policy in stack.of_type("AWS::IAM::Policy").values():
                self.assertTrue(policy["Properties"]["Roles"])
            sources = {*stack.of_type("AWS::Kendra::DataSource"), *stack.of_type("Custom::DataSource")}
            ingesting = stack.resources.get("IngestPolicy", {"Properties": {"Roles": []}})["Properties"]["Roles"]
            self.assertEqual({f"{name}Role" for name in sources}, {*ingesting})

    def test_each_source_is_read_after_the_deployment(self):
        for parameters in COMBINATIONS:
            stack = Stack(KENDRA, **parameters)
            told = [it["Properties"]["DataSourceId"] for it in stack.of_type("Custom::FirstSync").values()]
            self.assertEqual(told, [f"{name}.Id" for name in stack.of_type("AWS::Kendra::DataSource")])


class MainStack(unittest.TestCase):
    def test_parameters_of_both_templates_are_the_same(self):
        for name, declaration in KENDRA["Parameters"].items():
            self.assertEqual(declaration | {"Description": ""}, MAIN["Parameters"][name] | {"Description": ""}, name)

    def test_without_an_index_there_is_chat_alone(self):
        stack = Stack(MAIN)
        self.assertEqual([*stack.of_type("AWS::Serverless::Function")], ["ChatFunction"])
        self.assertEqual([*stack.of_type("AWS::CloudFormation::Stack")], [])

    def test_the_inner_stack_gives_what_the_outer_one_takes(self):
        for parameters in [{"UserPoolArn": POOL, **it} for it in COMBINATIONS]:
            with self.subTest(**parameters):
                outer = Stack(MAIN, **parameters)
                self.assertIn("RagFunction", outer.resources)
                (inner,) = outer.of_type("AWS::CloudFormation::Stack").values()
                given = inner["Properties"]["Parameters"]
                self.assertEqual(given.keys(), KENDRA["Parameters"].keys())
                outputs = Stack(KENDRA, **given).outputs
                taken = {text for text in strings(outer) if "Kendra.Outputs." in text}
                for text in taken:
                    self.assertIn(text.split("Kendra.Outputs.")[1].split("/")[0], outputs)

    def test_an_index_elsewhere_is_searched_there_and_has_no_connectors_here(self):
        stack = Stack(MAIN, KendraIndexId=INDEX, KendraRegion="eu-west-1")
        self.assertEqual([*stack.of_type("AWS::CloudFormation::Stack")], [])
        role = stack.resources["RagRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
        self.assertEqual(role["Action"], ["kendra:Query", "kendra:Retrieve", "kendra:SubmitFeedback"])
        self.assertEqual(role["Resource"], f"arn:aws:kendra:eu-west-1:123456789012:index/{INDEX}")

    def test_an_index_is_not_both_made_and_there(self):
        for other in [{"KendraIndexId": INDEX}, {"KendraRegion": "eu-west-1"}]:
            with self.assertRaises(Invalid):
                Stack(MAIN, KendraEdition="DEVELOPER_EDITION", **other)


def strings(stack):
    return json.dumps([stack.resources, stack.outputs]).split('"')


class Lint(unittest.TestCase):
    """cfn-lint sees kendra.yaml without its connectors; here it sees both."""

    def test_the_whole_template(self):
        whole = {**KENDRA, "Metadata": {"cfn-lint": {"config": {"ignore_checks": ["W1030", "W1031"]}}}}
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "kendra.json"
            path.write_text(json.dumps(whole))
            lint = subprocess.run(
                [pathlib.Path(sys.executable).parent / "cfn-lint", path], capture_output=True, text=True
            )
        self.assertEqual((lint.stdout, lint.returncode), ("", 0))


if __name__ == "__main__":
    unittest.main()
