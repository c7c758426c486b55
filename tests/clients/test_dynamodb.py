"""boto3 against DynamoDB on the local machine."""

from support import LocalAwsTest, client, fault

TABLE = "ConversationTable"


class DynamoDb(LocalAwsTest):
    def setUp(self):
        super().setUp()
        self.dynamodb = client("dynamodb")

    def test_the_template_s_table_is_there(self):
        self.assertEqual(self.dynamodb.list_tables()["TableNames"], [TABLE])
        table = self.dynamodb.describe_table(TableName=TABLE)["Table"]
        self.assertEqual({key["AttributeName"]: key["KeyType"] for key in table["KeySchema"]}, {"pk": "HASH", "sk": "RANGE"})
        expiry = self.dynamodb.describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"]
        self.assertEqual((expiry["TimeToLiveStatus"], expiry["AttributeName"]), ("ENABLED", "expires_at"))

    def test_what_is_put_is_got(self):
        item = {**key("put", "1"), "text": {"S": "naïve 🌍\u2028\n"}, "number": {"N": "3.14"}, "list": {"L": [{"NULL": True}]}}
        self.dynamodb.put_item(TableName=TABLE, Item=item)
        found = self.dynamodb.get_item(TableName=TABLE, Key=key("put", "1"), ConsistentRead=True)
        self.assertEqual(found["Item"], item)
        self.assertNotIn("Item", self.dynamodb.get_item(TableName=TABLE, Key=key("put", "2")))

    def test_a_query_is_paged_newest_first(self):
        for number in range(5):
            self.dynamodb.put_item(TableName=TABLE, Item={**key("query", f"TURN#{number}"), "n": {"N": str(number)}})
        self.dynamodb.put_item(TableName=TABLE, Item=key("query", "OTHER"))
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={":pk": {"S": "query"}, ":prefix": {"S": "TURN#"}},
            ScanIndexForward=False,
            PaginationConfig={"PageSize": 2},
        )
        counts, numbers = [], []
        for page in pages:
            counts.append(page["Count"])
            numbers += [item["n"]["N"] for item in page["Items"]]
        self.assertEqual(numbers, ["4", "3", "2", "1", "0"])
        self.assertEqual(counts[:2], [2, 2])

    def test_an_update_counts_and_a_condition_refuses(self):
        count = {
            "TableName": TABLE,
            "Key": key("update", "1"),
            "UpdateExpression": "ADD turns :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
            "ReturnValues": "ALL_NEW",
        }
        self.dynamodb.update_item(**count)
        self.assertEqual(self.dynamodb.update_item(**count)["Attributes"]["turns"], {"N": "2"})

        error = self.error_of(
            self.dynamodb.put_item,
            TableName=TABLE,
            Item=key("update", "1"),
            ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        self.assertIsInstance(error, self.dynamodb.exceptions.ConditionalCheckFailedException)
        self.assertEqual(error.response["Item"]["turns"], {"N": "2"})

    def test_a_transaction_is_all_or_nothing(self):
        put = lambda sort: {"Put": {"TableName": TABLE, "Item": key("transaction", sort)}}
        never = {
            "ConditionCheck": {
                "TableName": TABLE,
                "Key": key("transaction", "missing"),
                "ConditionExpression": "attribute_exists(pk)",
            }
        }
        error = self.error_of(self.dynamodb.transact_write_items, TransactItems=[put("1"), never])
        self.assertIsInstance(error, self.dynamodb.exceptions.TransactionCanceledException)
        reasons = [reason["Code"] for reason in error.response["CancellationReasons"]]
        self.assertEqual(reasons, ["None", "ConditionalCheckFailed"])
        self.assertNotIn("Item", self.dynamodb.get_item(TableName=TABLE, Key=key("transaction", "1")))

        self.dynamodb.transact_write_items(TransactItems=[put("1"), put("2")])
        gets = [{"Get": {"TableName": TABLE, "Key": key("transaction", sort)}} for sort in ("1", "2")]
        found = self.dynamodb.transact_get_items(TransactItems=gets)["Responses"]
        self.assertEqual([item["Item"]["sk"]["S"] for item in found], ["1", "2"])

    def test_errors_are_the_service_s(self):
        missing = self.error_of(self.dynamodb.get_item, TableName="Missing", Key=key("a", "b"))
        self.assertIsInstance(missing, self.dynamodb.exceptions.ResourceNotFoundException)

        wrong_key = self.error_of(self.dynamodb.get_item, TableName=TABLE, Key={"pk": {"S": "a"}})
        self.assertEqual(wrong_key.response["Error"]["Code"], "ValidationException")
        self.assertEqual(wrong_key.response["ResponseMetadata"]["HTTPStatusCode"], 400)

        fault("dynamodb", "GetItem", {"code": "ProvisionedThroughputExceededException", "message": "slow down"})
        throttled = self.error_of(self.dynamodb.get_item, TableName=TABLE, Key=key("a", "b"))
        self.assertIsInstance(throttled, self.dynamodb.exceptions.ProvisionedThroughputExceededException)

    def test_an_operation_that_is_not_there_is_named(self):
        error = self.error_of(self.dynamodb.list_backups)
        self.assertEqual(error.response["ResponseMetadata"]["HTTPStatusCode"], 501)
        self.assertIn("ListBackups", error.response["Error"]["Message"])


def key(partition, sort):
    return {"pk": {"S": partition}, "sk": {"S": sort}}
