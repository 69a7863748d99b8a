-- The same without what is no place: it would set the scale of the circles.
SELECT * FROM (
-- include destinations/countries
)
WHERE "Country" NOT IN ('local', 'unknown')
