"""One account of the emulator, as its owner sees it."""

import functools

import boto3
from botocore.config import Config
from emulator import REGION, SECRET

CONFIG = Config(region_name=REGION, retries={"mode": "standard", "total_max_attempts": 3}, max_pool_connections=40)


class Account:
    """The account of a stage; its number is the name of its access key."""

    def __init__(self, emulator, number, stage):
        self.emulator = emulator
        self.number = number
        self.stage = stage
        self.outputs = {}  # of its stack
        self.roles = {}  # of the stack of roles

    @functools.cache  # noqa: B019 (an account lives as long as the program)
    def client(self, service):
        return self.client_as(service, self.number, SECRET)

    def client_as(self, service, access_key, secret, token=None):
        """A client with other credentials than the owner's."""
        return boto3.client(
            service,
            endpoint_url=self.emulator.url,
            verify=str(self.emulator.certificate),
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=CONFIG,
        )
