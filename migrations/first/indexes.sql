-- Every index that is no constraint, as the models have them.

CREATE INDEX ix_api_keys_not_revoked ON api_keys (tenant_id) WHERE revoked_at IS NULL;
CREATE INDEX ix_api_keys_page ON api_keys (tenant_id, created_at, id);
CREATE INDEX ix_audit_log_rotated ON audit_log (tenant_id, subject) WHERE action = 'key.rotated';
CREATE INDEX ix_audit_log_tenant_id_id ON audit_log (tenant_id, id);
-- Not unique, although its values are: a change of a row with a computed unique column locks out
-- the foreign keys of others, and callbacks at once would deadlock.
CREATE INDEX ix_transfers_callback_lookup ON transfers (callback_lookup);
CREATE INDEX ix_transfers_page ON transfers (tenant_id, livemode, kind, created_at, id);
CREATE INDEX ix_transfers_due_at ON transfers (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ix_transfers_msisdn ON transfers (msisdn, tenant_id, livemode, kind, created_at, id);
CREATE INDEX ix_transfers_number_open
    ON transfers (msisdn)
    WHERE kind = 'payment' AND livemode
      AND state IN ('PENDING', 'SUBMITTING', 'UNCONFIRMED', 'PROCESSING');
CREATE INDEX ix_transfers_number_recent
    ON transfers (msisdn, created_at) WHERE kind = 'payment' AND livemode;
CREATE INDEX ix_transfers_provider
    ON transfers (tenant_id, livemode, kind, provider, created_at, id);
CREATE INDEX ix_transfers_state ON transfers (tenant_id, livemode, kind, state, created_at, id);
CREATE INDEX ix_transfers_to_poll
    ON transfers (provider, wallet_id, livemode, tenant_id, due_at)
    WHERE due_at IS NOT NULL AND state <> 'PENDING';
CREATE INDEX ix_transfers_to_submit
    ON transfers (provider, wallet_id, livemode, tenant_id, created_at, due_at)
    WHERE state = 'PENDING';
CREATE INDEX ix_transfers_transaction
    ON transfers (provider_transaction_id) WHERE provider_transaction_id IS NOT NULL;
CREATE INDEX ix_transfers_wallet
    ON transfers (tenant_id, livemode, kind, wallet_id, created_at, id)
    WHERE wallet_id <> 'deployment';
CREATE INDEX ix_wallets_callback_lookup ON wallets (callback_lookup);
CREATE INDEX ix_wallets_choice ON wallets (tenant_id, provider, created_at, id);
CREATE INDEX ix_webhook_endpoints_tenant_id_livemode ON webhook_endpoints (tenant_id, livemode);
CREATE INDEX ix_transitions_at ON transitions USING brin (at);
CREATE INDEX ix_webhook_deliveries_age ON webhook_deliveries USING brin (created_at);
CREATE INDEX ix_webhook_deliveries_event_id ON webhook_deliveries (event_id);
CREATE INDEX ix_webhook_deliveries_owed
    ON webhook_deliveries (endpoint_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ix_webhook_deliveries_page ON webhook_deliveries (endpoint_id, created_at, id);
CREATE INDEX ix_webhook_deliveries_under_way
    ON webhook_deliveries (endpoint_id) WHERE leased_until IS NOT NULL;
CREATE UNIQUE INDEX uq_network_troubles_open
    ON network_troubles (provider, wallet_id) WHERE ended_at IS NULL;
