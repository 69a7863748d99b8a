-- What was spoken, where a sensor recognised it: ports alone do not tell.
ALTER TABLE flows
    ADD COLUMN IF NOT EXISTS applicationName LowCardinality(String) COMMENT 'application that the sensor recognised by what was said, in its own words; empty where it told none';
