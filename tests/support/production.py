"""What a stack needs to run with production's rules, where simulators speak no TLS."""

from dev.networks import SETUPS

ADDRESSES = {
    variable: "https://pay.example" if text == "{gateway}" else "https://127.0.0.1:9"
    for setup in SETUPS
    for variable, text in setup.gateway.items()
    if text == "{gateway}" or text.startswith("{simulator}")
}
"""Every network where nobody is, and callbacks as from outside."""
