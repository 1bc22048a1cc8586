"""Every type of event, with the sentence that documents it."""

PAYMENT_PROCESSING = "payment.processing"
PAYMENT_SUCCESSFUL = "payment.successful"
PAYMENT_FAILED = "payment.failed"
PAYMENT_IN_REVIEW = "payment.in_review"
NETWORK_DEGRADED = "network.degraded"
NETWORK_RECOVERED = "network.recovered"
ENDPOINT_DISABLED = "webhook_endpoint.disabled"
ALL = {
    PAYMENT_PROCESSING: "The payment is with the network; the payer is being asked.",
    PAYMENT_SUCCESSFUL: "The network says that the money moved.",
    PAYMENT_FAILED: "The payment failed; its failure says why.",
    PAYMENT_IN_REVIEW: "Nobody can tell yet how the payment ended.",
    NETWORK_DEGRADED: "A network does not answer for a wallet that you use; payments wait.",
    NETWORK_RECOVERED: "A network answers again for a wallet that you use.",
    ENDPOINT_DISABLED: "An endpoint of yours was switched off after failing too long.",
}
EVERY = "*"
TEST = "webhook_endpoint.test"
