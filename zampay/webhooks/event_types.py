"""Every type of event, with the sentence that documents it."""

ALL = {
    "payment.processing": "The payment is with the network; the payer is being asked.",
    "payment.successful": "The network says that the money moved.",
    "payment.failed": "The payment failed; its failure says why.",
    "payment.in_review": "Nobody can tell yet how the payment ended.",
    "webhook_endpoint.disabled": "An endpoint of yours was switched off after failing too long.",
}
EVERY = "*"
TEST = "webhook_endpoint.test"
