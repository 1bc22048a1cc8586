"""What is given twice is refused: which of the two counts would be anybody's guess."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.support.merchants import BASE, Merchant
from tests.support.refusals import refusal, wrong_fields
from tests.support.tables import row_counts

PAGED = ["/payments", "/api-keys", "/audit-log", "/events", "/webhook-endpoints/{id}/deliveries"]
MEMBERS = '"externalId":"order-1","msisdn":"260963123400"'


def send(merchant: Merchant, body: str, path: str = "/payments") -> TestResponse:
    return merchant.client.post(
        f"{BASE}{path}", headers=merchant.headers(), data=body, content_type="application/json"
    )


@pytest.mark.parametrize(
    "body",
    [
        f'{{"amount":"10",{MEMBERS},"amount":"9000"}}',
        f'{{"amount":"10",{MEMBERS},"amount":"10"}}',
        f'{{"amount":"10",{MEMBERS},"\\u0061mount":"9000"}}',
        f'{{"amount":"10",{MEMBERS},"metadata":{{"a":"1","a":"2"}}}}',
        f'{{"amount":"10",{MEMBERS},"metadata":{{"a":{{"b":"1","b":"2"}}}}}}',
        f'{{"amount":"10",{MEMBERS},"metadata":[{{"b":"1","b":"2"}}]}}',
        f'{{"amount":"10",{MEMBERS},"metadata":{{}},"metadata":{{}}}}',
    ],
)
def test_a_member_given_twice_at_any_depth_is_refused(
    app: Flask, merchant: Merchant, network: object, body: str
) -> None:
    before = row_counts(app)
    refusal(send(merchant, body), 400, "malformed_request")
    assert row_counts(app) == before
    assert send(merchant, f'{{"amount":"10",{MEMBERS}}}').status_code == 202


def test_it_is_in_every_body(merchant: Merchant) -> None:
    twice = '{"name":"x","name":"y"}'
    refusal(send(merchant, twice, "/api-keys"), 400, "malformed_request")
    refusal(send(merchant, twice, "/auth/register"), 400, "malformed_request")
    refusal(send(merchant, twice, "/webhook-endpoints"), 400, "malformed_request")


@pytest.mark.parametrize("path", PAGED)
def test_a_parameter_given_twice_is_refused_where_it_means_one_thing(
    merchant: Merchant, path: str
) -> None:
    url = f"{BASE}{path.replace('{id}', 'whe_unknown')}?limit=1&limit=1"
    answer = merchant.client.get(url, headers=merchant.headers())
    assert wrong_fields(refusal(answer, 422, "validation_failed")) == {"limit"}


def test_every_parameter_that_is_given_twice_is_named(merchant: Merchant) -> None:
    query = "limit=1&limit=2&createdFrom=2026-01-31T12:00:00Z&createdFrom=2026-01-30T12:00:00Z"
    answer = merchant.client.get(f"{BASE}/payments?{query}", headers=merchant.headers())
    found = wrong_fields(refusal(answer, 422, "validation_failed"))
    assert found == {"limit", "createdFrom"}
