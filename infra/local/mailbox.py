"""An approver's mailbox: a queue of the account, subscribed to the topic of decisions with the filter that `tidegate approvers` sets."""

import json
import re


class Mailbox:
    """The mails that one person gets."""

    def __init__(self, account, topic, name, **wanted):
        sqs, sns = account.client("sqs"), account.client("sns")
        self.account, self.who = account, name
        self.url = sqs.create_queue(QueueName=f"mailbox-{re.sub('[^a-z]', '-', name)}")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = {
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
            }],
        }
        sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": json.dumps(policy)})
        filters = {"FilterPolicy": json.dumps({key: [value] for key, value in wanted.items()})} if wanted else {}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=filters)
        self.mails = []

    @classmethod
    def of(cls, account, name):
        """A mailbox that was made before."""
        box = cls.__new__(cls)
        box.account, box.who, box.mails = account, name, []
        box.url = account.client("sqs").get_queue_url(QueueName=f"mailbox-{name}")["QueueUrl"]
        return box

    def look(self):
        """Every mail so far, the oldest first."""
        sqs = self.account.client("sqs")
        while messages := sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", []):
            for message in messages:
                body = json.loads(message["Body"])
                self.mails.append((body.get("Subject", ""), body["Message"]))
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return self.mails

    def find(self, about):
        """The newest mail whose subject or text says so, if there is one."""
        return next((mail for mail in reversed(self.look()) if about in mail[0] or about in mail[1]), None)


def link(mail):
    """The decision link of a mail."""
    return re.search(r"https://\S+/decision\?t=\S+", mail[1]).group()


def code(mail):
    """The code of a mail, where the stage asks for one."""
    found = re.search(r"Your code\W+([0-9A-Za-z]{3}[- ]?[0-9A-Za-z]{3})\b", mail[1])
    return found and found.group(1)
