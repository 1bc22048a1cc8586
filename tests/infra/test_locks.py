"""A short lock in Redis: held by one, given back by its holder alone, and not needed."""

import pytest
from flask import Flask

from tests.infra.absent import redis_away
from zampay.infra.redis import redis_client

NAME = "test:lock"


@pytest.fixture(autouse=True)
def entered(app: Flask) -> None:
    with app.app_context():
        redis_client.client().delete(NAME)


def test_one_holds_it_and_it_is_free_after_the_block(app: Flask) -> None:
    with app.app_context():
        with (
            redis_client.held(NAME, ttl_s=60) as first,
            redis_client.held(NAME, ttl_s=60) as second,
        ):
            assert (first, second) == (True, False)
        with redis_client.held(NAME, ttl_s=60) as next_one:
            assert next_one


def test_a_lock_that_has_ended_and_is_anothers_is_left_to_them(app: Flask) -> None:
    with app.app_context():
        with redis_client.held(NAME, ttl_s=60):
            redis_client.client().set(NAME, "another's")
        assert redis_client.client().get(NAME) == "another's"


def test_an_error_in_the_block_gives_it_back(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(ZeroDivisionError), redis_client.held(NAME, ttl_s=60):
            raise ZeroDivisionError
        assert redis_client.client().get(NAME) is None


def test_without_redis_everybody_gets_it(app: Flask) -> None:
    with app.app_context(), redis_away(app), redis_client.held(NAME, ttl_s=60) as ours:
        assert ours
