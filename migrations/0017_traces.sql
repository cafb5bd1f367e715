-- Where an event's trace goes on: the W3C traceparent of the request that published it, so that attempts hours later still know it. Null where
-- nobody traces.
alter table events add column traceparent text;
