"""Where a payment may stand, whether a new one is safe, and the sentences that say it."""

from enum import StrEnum


class Reason(StrEnum):
    """Where a payment stands, and on whose word: what a sentence says, for programs."""

    ABOUT_TO_SEND = "about_to_send"
    WALLET_REFUSED = "wallet_refused"
    NETWORK_DEGRADED = "network_degraded"
    SENDING = "sending"
    ASKING_PAYER = "asking_payer"
    NO_CLEAR_ANSWER = "no_clear_answer"
    NO_CLEAR_ANSWER_AND_PROMPT_OVER = "no_clear_answer_and_prompt_over"
    WAITING_FOR_PAYER = "waiting_for_payer"
    PROMPT_OVER = "prompt_over"
    NETWORK_SILENT = "network_silent"
    DOES_NOT_FIT = "does_not_fit"
    NETWORK_SAYS_SUCCESSFUL = "network_says_successful"
    SANDBOX_SAYS_SUCCESSFUL = "sandbox_says_successful"
    FAILED = "failed"
    OPERATOR_SAYS_SUCCESSFUL = "operator_says_successful"
    OPERATOR_SAYS_FAILED = "operator_says_failed"
    TEST_SAYS_SUCCESSFUL = "test_says_successful"
    TEST_SAYS_FAILED = "test_says_failed"
    TEST_SAYS_IN_REVIEW = "test_says_in_review"


class Note(StrEnum):
    """What is known besides: the network contradicts the end, or is asked again about it."""

    CONTRADICTED_SINCE = "contradicted_since"
    ASKED_AGAIN = "asked_again"


class NewAttempt(StrEnum):
    """Whether a new payment for the order could charge twice: it could not (SAFE); it could
    (UNSAFE); it could, and asking again before a certain time is pointless (WAIT_UNTIL).
    """

    SAFE = "safe"
    UNSAFE = "unsafe"
    WAIT_UNTIL = "wait_until"


SENTENCES = {
    Reason.ABOUT_TO_SEND: "We have accepted the payment and are about to send it to {network}.",
    Reason.WALLET_REFUSED: (
        "{network} refuses the credentials of the wallet, so that the payment waits. It is sent as "
        "soon as {network} takes them, and fails if that lasts too long."
    ),
    Reason.NETWORK_DEGRADED: (
        "Since {since} payments do not get through to {network} ({why}), so that this one waits. "
        "It is sent as soon as {network} answers, and fails if that lasts too long."
    ),
    Reason.SENDING: "We are sending the payment to {network} at this moment.",
    Reason.ASKING_PAYER: "{network} is asking the payer at this moment and answers only then.",
    Reason.NO_CLEAR_ANSWER: (
        "We sent the payment to {network} and got no clear answer; the payer may be seeing the "
        "prompt, and we keep asking {network} what became of it."
    ),
    Reason.NO_CLEAR_ANSWER_AND_PROMPT_OVER: (
        "We sent the payment to {network} and got no clear answer; a prompt would have run out by "
        "now, and we keep asking {network} what became of it."
    ),
    Reason.WAITING_FOR_PAYER: (
        "{network} has the payment and is waiting for the payer to approve it on the phone; the "
        "prompt is valid for about {minutes} minutes."
    ),
    Reason.PROMPT_OVER: (
        "{network} has the payment and has not said how it ended; the prompt should have run out "
        "by now, and we keep asking."
    ),
    Reason.NETWORK_SILENT: (
        "{network} has not said how the payment ended, so that a person is looking into it; we "
        "look again every day."
    ),
    Reason.DOES_NOT_FIT: (
        "What {network} says about the payment does not fit our books (amount, currency or id), so "
        "that a person is looking into it; we look again every day."
    ),
    Reason.NETWORK_SAYS_SUCCESSFUL: "{network} says that the money moved.",
    Reason.SANDBOX_SAYS_SUCCESSFUL: "{network} would say that the money moved.",
    Reason.FAILED: "The payment failed: {failure}",
    Reason.OPERATOR_SAYS_SUCCESSFUL: (
        "The gateway's operator has decided that the money moved; the audit log has the reason."
    ),
    Reason.OPERATOR_SAYS_FAILED: (
        "The gateway's operator has decided that no money moved; the audit log has the reason."
    ),
    Reason.TEST_SAYS_SUCCESSFUL: "A test call has made the payment successful.",
    Reason.TEST_SAYS_FAILED: "A test call has made the payment fail: {failure}",
    Reason.TEST_SAYS_IN_REVIEW: (
        "A test call has given the payment to review; another one can end it."
    ),
}
NOTES = {
    Note.CONTRADICTED_SINCE: (
        "What {network} has said besides does not fit this, so that a person is looking into it."
    ),
    Note.ASKED_AGAIN: (
        "Networks have taken such an ending back: {network} is asked again at {next}."
    ),
}
WARNINGS = {
    NewAttempt.UNSAFE: "A new payment for the same order could charge twice.",
    NewAttempt.WAIT_UNTIL: (
        "A new payment for the same order could charge twice. Ask this question again at {until}: "
        "that time makes nothing safe by itself."
    ),
}
