"""boto3 against S3 on the local machine."""

import urllib.request

import boto3
from botocore.config import Config
from support import LocalAwsTest, client, fault


class S3(LocalAwsTest):
    def setUp(self):
        super().setUp()
        self.s3 = client("s3")

    def test_objects_are_put_listed_read_and_deleted(self):
        self.s3.create_bucket(Bucket="boto3-objects")
        for key in ["a.txt", "b/ä c.txt", "b/d.txt"]:
            self.s3.put_object(Bucket="boto3-objects", Key=key, Body=key.encode())
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket="boto3-objects", PaginationConfig={"PageSize": 1}
        )
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        self.assertEqual(keys, ["a.txt", "b/d.txt", "b/ä c.txt"])
        folded = self.s3.list_objects_v2(Bucket="boto3-objects", Delimiter="/")
        self.assertEqual([prefix["Prefix"] for prefix in folded["CommonPrefixes"]], ["b/"])

        found = self.s3.get_object(Bucket="boto3-objects", Key="b/ä c.txt", Range="bytes=2-")
        self.assertEqual((found["Body"].read(), found["ContentType"]), ("ä c.txt".encode(), "text/plain"))
        self.assertEqual(self.s3.head_object(Bucket="boto3-objects", Key="a.txt")["ContentLength"], 5)
        deleted = self.s3.delete_objects(Bucket="boto3-objects", Delete={"Objects": [{"Key": key} for key in keys]})
        self.assertEqual(len(deleted["Deleted"]), 3)
        self.s3.delete_bucket(Bucket="boto3-objects")
        self.assertNotIn("boto3-objects", [bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]])

    def test_a_presigned_url_is_taken(self):
        self.s3.create_bucket(Bucket="boto3-presigned")
        self.s3.put_object(Bucket="boto3-presigned", Key="a.txt", Body=b"hello")
        # Where boto3 is not told, it presigns in the old way, which S3 takes no more for new buckets.
        signer = boto3.client("s3", config=Config(signature_version="s3v4"))
        url = signer.generate_presigned_url("get_object", {"Bucket": "boto3-presigned", "Key": "a.txt"})
        with urllib.request.urlopen(url) as response:
            self.assertEqual(response.read(), b"hello")

    def test_errors_have_their_names(self):
        error = self.error_of(self.s3.get_object, Bucket="boto3-absent", Key="a")
        self.assertIsInstance(error, self.s3.exceptions.NoSuchBucket)
        self.s3.create_bucket(Bucket="boto3-errors")
        error = self.error_of(self.s3.get_object, Bucket="boto3-errors", Key="a")
        self.assertIsInstance(error, self.s3.exceptions.NoSuchKey)
        fault("s3", "ListBuckets", {"code": "SlowDown"})
        error = self.error_of(self.s3.list_buckets)
        self.assertEqual((error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]), ("SlowDown", 503))

