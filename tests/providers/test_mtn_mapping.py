"""The mapping table: every documented code, and nothing promised that a code does not say."""

import pytest

from zampay.providers.failures import FailureCode, Retry
from zampay.providers.mtn import mapping
from zampay.providers.mtn.mapping import MEANINGS, Refusal

IN_THE_SPECIFICATION = {
    "PAYEE_NOT_FOUND",
    "PAYER_NOT_FOUND",
    "NOT_ALLOWED",
    "NOT_ALLOWED_TARGET_ENVIRONMENT",
    "INVALID_CALLBACK_URL_HOST",
    "INVALID_CURRENCY",
    "SERVICE_UNAVAILABLE",
    "INTERNAL_PROCESSING_ERROR",
    "NOT_ENOUGH_FUNDS",
    "PAYER_LIMIT_REACHED",
    "PAYEE_NOT_ALLOWED_TO_RECEIVE",
    "PAYMENT_NOT_APPROVED",
    "RESOURCE_NOT_FOUND",
    "APPROVAL_REJECTED",
    "EXPIRED",
    "TRANSACTION_CANCELED",
    "RESOURCE_ALREADY_EXIST",
}
DOCUMENTED_BESIDE = {
    "COULD_NOT_PERFORM_TRANSACTION",
    "TRANSACTION_NOT_FOUND",
    "SENDER_ACCOUNT_NOT_ACTIVE",
    "PAYEE_LIMIT_REACHED",
    "VALIDATION_ERROR",
    "LOW_BALANCE_OR_PAYEE_LIMIT_REACHED_OR_NOT_ALLOWED",
}
CREATE_NOTHING = {"PAYER_NOT_FOUND", "PAYEE_NOT_FOUND", "VALIDATION_ERROR"}
OUR_SETUP = {
    "NOT_ALLOWED",
    "INVALID_CURRENCY",
    "INVALID_CALLBACK_URL_HOST",
    "NOT_ALLOWED_TARGET_ENVIRONMENT",
}
TAKEN_BACK = {"INTERNAL_PROCESSING_ERROR", "COULD_NOT_PERFORM_TRANSACTION", "EXPIRED"}


def test_the_table_has_every_documented_code_and_no_other() -> None:
    assert set(MEANINGS) == {*IN_THE_SPECIFICATION, *DOCUMENTED_BESIDE}


def test_a_request_is_refused_for_good_only_by_codes_that_create_nothing() -> None:
    kinds = {code: meaning.refusal for code, meaning in MEANINGS.items()}
    assert {code for code, kind in kinds.items() if kind is Refusal.FINAL} == CREATE_NOTHING
    assert {code for code, kind in kinds.items() if kind is Refusal.OUR_SETUP} == OUR_SETUP


@pytest.mark.parametrize("code", [None, "", "SOMETHING_NEW", "payer_not_found"])
def test_an_unknown_code_leaves_a_request_in_doubt_and_a_failure_without_a_name(
    code: str | None,
) -> None:
    assert mapping.refusal(code) is Refusal.IN_DOUBT
    found = mapping.failure(code)
    assert (found.code, found.provider_code, found.repoll) == (
        FailureCode.UNSPECIFIED,
        code,
        True,
    )


def test_endings_that_networks_have_taken_back_are_looked_at_once_more() -> None:
    assert all(mapping.failure(code).repoll for code in TAKEN_BACK)
    settled = {"APPROVAL_REJECTED", "NOT_ENOUGH_FUNDS", "PAYER_NOT_FOUND", "TRANSACTION_CANCELED"}
    assert not any(mapping.failure(code).repoll for code in settled)


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_every_failure_says_why_in_a_sentence_and_whether_to_try_again(code: str) -> None:
    found = mapping.failure(code)
    assert found.provider_code == code
    assert found.message.endswith(".")
    assert found.code is not FailureCode.CANCELLED
    assert isinstance(found.retry, Retry)


def test_the_statuses_that_refuse_are_the_clients_own_errors() -> None:
    assert sorted(mapping.REFUSED_BY_STATUS) == [400, 401, 403, 404]
    kinds = {found.code for found in mapping.REFUSED_BY_STATUS.values()}
    assert kinds == {FailureCode.PROVIDER_REJECTED}
