CREATE ROLE readers NOLOGIN;
CREATE ROLE report LOGIN PASSWORD 'report''s own' IN ROLE readers CONNECTION LIMIT 5;
CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL UNIQUE, photo bytea, joined timestamptz NOT NULL DEFAULT now());
CREATE TABLE orders (
  id bigserial PRIMARY KEY,
  customer int NOT NULL REFERENCES customers (id) ON DELETE RESTRICT,
  details jsonb NOT NULL DEFAULT '{}',
  total numeric(12, 2) NOT NULL CHECK (total >= 0)
);
CREATE INDEX ON orders USING gin (details);
CREATE VIEW spent AS SELECT c.name, sum(o.total) AS total FROM customers c JOIN orders o ON o.customer = c.id GROUP BY c.name;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO readers;
INSERT INTO customers (name, photo) VALUES ('Zoë', '\x00ff10'), ('日本 🗄️', NULL), (E'tab\there, back\\slash', '\x');
INSERT INTO orders (customer, details, total) SELECT 1 + n % 3, jsonb_build_object('n', n, 'text', repeat('é', n)), n * 1.25 FROM generate_series(1, 300) n;
CREATE DATABASE "second shop" OWNER report TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C';
\connect "second shop"
CREATE TABLE notes (id int PRIMARY KEY, note text);
INSERT INTO notes VALUES (1, 'naïve');
