"""What an account's buckets, table and queues show."""

import json

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

READ = TypeDeserializer()


class Lake:
    """An account's stack, looked at by its owner."""

    def __init__(self, account):
        self.account = account
        self.bucket = account.outputs["LakeBucketName"]

    def keys(self, prefix, bucket=None):
        pages = self.account.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket or self.bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def read(self, key, bucket=None):
        """An object's bytes; none if there is no such object."""
        try:
            return self.account.client("s3").get_object(Bucket=bucket or self.bucket, Key=key)["Body"].read()
        except ClientError as refused:
            if refused.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise

    def json(self, key):
        return json.loads(self.read(key) or b"null")

    def records(self, kind):
        """Records of one kind in the registry's table: versions, datasets, retrainings."""
        pages = self.account.client("dynamodb").get_paginator("scan").paginate(TableName=self.account.outputs["RegistryTableName"])
        items = [item for page in pages for item in page["Items"] if item["item_kind"]["S"] == kind]
        return [READ.deserialize(item["record_body"]) for item in items]

    def champion(self, model):
        """What serving reads."""
        return self.json(f"models/{model}/champion.json")

    def receipts(self):
        """Receipts of objects that were collected, or are being collected."""
        return self.keys("receipts/")

    def has_collected(self, count):
        """Whether there are so many receipts, and no message is left that collect is at."""
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        queue = self.account.client("sqs").get_queue_attributes(QueueUrl=self.account.outputs["CollectQueueUrl"], AttributeNames=counts)
        return len(self.receipts()) >= count and not any(int(found) for found in queue["Attributes"].values())

    def dead_letters(self):
        """Messages by the queue that nobody could do anything with, where there are any."""
        sqs, found = self.account.client("sqs"), {}
        for name, url in self.account.outputs.items():
            if name.endswith("DeadLettersUrl"):
                answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
                if count := int(answer["Attributes"]["ApproximateNumberOfMessages"]):
                    found[name] = count
        return found

    def complaints(self):
        """What functions of this account logged as errors."""
        logs, found = self.account.client("logs"), []
        for group in logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/tidegate-{self.account.stage}-")["logGroups"]:
            events = logs.filter_log_events(logGroupName=group["logGroupName"]).get("events", [])
            found += [event["message"].strip()[:1500] for event in events if '"level":"ERROR"' in event["message"]]
        return found[-20:]
