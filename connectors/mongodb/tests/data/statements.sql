-- A statement a line; the line below it, set in, says the same for SQLite where its words are others.
SELECT _id, name FROM customers ORDER BY _id
SELECT * FROM products ORDER BY _id
SELECT _id, email FROM customers WHERE email IS NULL
SELECT _id FROM customers WHERE email IS NOT NULL AND vip
SELECT _id FROM customers WHERE NOT vip
SELECT _id, vip IS TRUE, vip IS NOT FALSE, NOT vip FROM customers
SELECT _id FROM events WHERE amount > 5
SELECT _id FROM events WHERE amount < 5
SELECT _id FROM events WHERE amount <> 5
SELECT _id FROM events WHERE NOT (amount > 5)
SELECT _id FROM events WHERE NOT (amount > 5 AND kind = 'buy')
SELECT _id FROM events WHERE NOT (amount > 5 OR kind = 'buy')
SELECT _id FROM events WHERE amount IN (1, 2, 3, 7) OR score < 0
SELECT _id FROM events WHERE amount NOT IN (1, 2, 3)
SELECT _id FROM events WHERE amount NOT IN (1, 2, NULL)
SELECT _id FROM events WHERE amount BETWEEN 2 AND 8
SELECT _id FROM events WHERE amount NOT BETWEEN 2 AND 8
SELECT _id FROM events WHERE amount > who
SELECT _id FROM events WHERE amount < who OR amount = who
SELECT _id, amount = who, amount > 5 AND who > 5, amount > 5 OR who > 5 FROM events
SELECT _id FROM events WHERE amount IS DISTINCT FROM who
SELECT _id FROM events WHERE (amount > 5) = (who > 5)
SELECT _id FROM customers WHERE name LIKE 'A%'
SELECT _id FROM customers WHERE name LIKE '%\%%' ESCAPE '\'
SELECT _id FROM customers WHERE name LIKE 'a\_b%' ESCAPE '\'
SELECT _id FROM customers WHERE name NOT LIKE '%a%'
SELECT _id FROM customers WHERE email LIKE '%@x.org'
SELECT _id FROM customers WHERE email NOT LIKE '%@x.org'
SELECT _id FROM customers WHERE name ILIKE 'EVE%'
  SELECT _id FROM customers WHERE upper(name) LIKE 'EVE%'
SELECT _id, amount + who, amount - 1, amount * 2, -amount FROM events
SELECT _id, amount / 4, amount % 4, amount / 2.0 FROM events
SELECT _id, score * 2, score / 3, abs(score), round(score), round(score, 1) FROM events
SELECT _id, ceil(score), floor(score), sign(amount) FROM events
SELECT _id, upper(email), lower(email), length(email) FROM customers
SELECT _id, email || '!' || name FROM customers
SELECT _id, substr(email, 2, 3), substr(name, 3), substr(name, 1, 0) FROM customers
SELECT _id, left(name, 2), right(name, 2) FROM customers
  SELECT _id, substr(name, 1, 2), substr(name, -2) FROM customers
SELECT _id, replace(email, '@', ' at '), trim('  x '), strpos(email, '@') FROM customers
  SELECT _id, replace(email, '@', ' at '), 'x', instr(email, '@') FROM customers
SELECT _id, coalesce(email, 'none'), nullif(name, 'Ada'), coalesce(email, name, 'x') FROM customers
SELECT _id, greatest(amount, who), least(amount, who) FROM events WHERE amount IS NOT NULL AND who IS NOT NULL
  SELECT _id, max(amount, who), min(amount, who) FROM events WHERE amount IS NOT NULL AND who IS NOT NULL
SELECT _id, concat(email, '-', kind) FROM (SELECT c._id, c.email, e.kind FROM customers c LEFT JOIN events e ON e._id = c._id) t
  SELECT _id, coalesce(email, '') || '-' || coalesce(kind, '') FROM (SELECT c._id, c.email, e.kind FROM customers c LEFT JOIN events e ON e._id = c._id) t
SELECT _id, CASE WHEN amount > 10 THEN 'many' WHEN amount > 0 THEN 'some' WHEN amount IS NULL THEN 'unknown' ELSE 'none' END FROM events
SELECT _id, CASE kind WHEN 'buy' THEN 1 WHEN 'view' THEN 2 END FROM events
SELECT _id, CAST(amount AS text), CAST('12' AS integer), CAST(amount AS double precision) FROM events
  SELECT _id, CAST(amount AS text), 12, CAST(amount AS real) FROM events
SELECT _id, CAST(score AS integer) FROM events WHERE score = floor(score)
SELECT count(*), count(amount), sum(amount), avg(amount), min(amount), max(amount) FROM events
SELECT count(*), sum(amount), avg(amount), min(kind) FROM events WHERE _id > 1000
SELECT kind, count(*), sum(amount), avg(score) FROM events GROUP BY kind
SELECT kind, count(DISTINCT who), count(DISTINCT amount) FROM events GROUP BY kind
SELECT sum(DISTINCT amount), count(DISTINCT kind) FROM events
SELECT kind, sum(amount) FROM events GROUP BY kind HAVING sum(amount) > 20
SELECT kind, amount > 5 AS big, count(*) FROM events GROUP BY kind, amount > 5
SELECT upper(kind) AS k, max(amount) - min(amount) AS spread FROM events GROUP BY upper(kind) ORDER BY k NULLS FIRST
SELECT kind, count(*) FILTER (WHERE amount > 5) AS big, sum(amount) FILTER (WHERE who < 10) AS s FROM events GROUP BY kind
SELECT kind, sum(amount) + count(*) AS x FROM events WHERE score > 0 GROUP BY kind ORDER BY x DESC NULLS LAST, kind NULLS LAST
SELECT DISTINCT kind FROM events
SELECT DISTINCT kind, amount > 0 FROM events
SELECT count(*) FROM (SELECT DISTINCT kind, who FROM events) t
SELECT _id, kind, amount FROM events ORDER BY kind, amount DESC, _id
  SELECT _id, kind, amount FROM events ORDER BY kind NULLS LAST, amount DESC NULLS FIRST, _id
SELECT _id, amount FROM events ORDER BY amount NULLS FIRST, _id LIMIT 12 OFFSET 3
SELECT _id, amount FROM events ORDER BY amount DESC NULLS LAST, _id DESC LIMIT 10
SELECT _id, amount * -1 AS m FROM events ORDER BY m NULLS LAST, _id LIMIT 20
SELECT _id FROM events ORDER BY length(kind) NULLS LAST, _id LIMIT 30
SELECT _id FROM events LIMIT 0
SELECT c._id, c.address.city, c.address.zip FROM customers c WHERE c.address.city = 'Berlin'
  SELECT _id, "address.city", "address.zip" FROM customers WHERE "address.city" = 'Berlin'
SELECT "address.city", count(*) FROM customers GROUP BY "address.city"
SELECT _parent_id, _position, value FROM customers_tags
SELECT value, count(*) FROM customers_tags GROUP BY value ORDER BY value
SELECT c.name, t.value FROM customers c JOIN customers_tags t ON t._parent_id = c._id
SELECT c._id, t.value FROM customers c LEFT JOIN customers_tags t ON t._parent_id = c._id
SELECT c._id, t.value, t._position FROM customers c LEFT JOIN customers_tags t ON t._parent_id = c._id AND t.value = 'red'
SELECT c._id, t FROM customers c, unnest(c.tags) AS t WHERE t <> 'red'
  SELECT _parent_id, value FROM customers_tags WHERE value <> 'red'
SELECT c._id FROM customers c WHERE 'red' = ANY (c.tags)
  SELECT _id FROM customers c WHERE EXISTS (SELECT 1 FROM customers_tags t WHERE t._parent_id = c._id AND t.value = 'red')
SELECT a.value, b.value FROM customers_tags a JOIN customers_tags b ON b._parent_id = a._parent_id AND b._position = a._position + 1
SELECT sku, sum(qty), sum(qty * price) FROM orders_items GROUP BY sku
SELECT o._id, i.sku, i.qty FROM orders o JOIN orders_items i ON i._parent_id = o._id WHERE o.total > 20 AND i.qty > 2
SELECT o._id, count(i.sku), sum(i.qty) FROM orders o LEFT JOIN orders_items i ON i._parent_id = o._id GROUP BY o._id
SELECT i.sku, c.kind, c.off FROM orders_items i JOIN orders_items_cuts c ON c._parent_id = i._parent_id AND c._position = i._position
SELECT i._parent_id, i._position, c.off FROM orders_items i LEFT JOIN orders_items_cuts c ON c._parent_id = i._parent_id AND c._position = i._position
SELECT kind, sum(off) FROM orders_items_cuts WHERE _position2 = 0 GROUP BY kind
SELECT o.status, p.category, sum(i.qty) FROM orders o JOIN orders_items i ON i._parent_id = o._id JOIN products p ON p._id = i.sku GROUP BY o.status, p.category
SELECT i.sku, p.name FROM orders_items i LEFT JOIN products p ON p._id = i.sku WHERE i._parent_id < 20
SELECT p._id, count(i.sku) FROM products p LEFT JOIN orders_items i ON i.sku = p._id GROUP BY p._id
SELECT o._id, c.name FROM orders o JOIN customers c ON c._id = o.customer
SELECT o._id, c.name FROM orders o LEFT JOIN customers c ON c._id = o.customer
SELECT c._id, o._id FROM customers c LEFT JOIN orders o ON o.customer = c._id AND o.total > 50
SELECT c._id, o._id FROM orders o RIGHT JOIN customers c ON o.customer = c._id
  SELECT c._id, o._id FROM customers c LEFT JOIN orders o ON o.customer = c._id
SELECT a._id, b._id FROM events a JOIN events b ON a.amount = b.amount AND a._id < b._id
SELECT a._id, b._id FROM events a LEFT JOIN events b ON b.who = a.who AND b.amount > a.amount WHERE a._id < 30
SELECT e._id, c.name FROM events e, customers c WHERE e.who = c._id AND e.amount > 3
SELECT count(*) FROM products a CROSS JOIN products b
SELECT c._id FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer = c._id AND o.status = 'paid')
SELECT c._id FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer = c._id)
SELECT _id FROM products WHERE _id IN (SELECT sku FROM orders_items WHERE qty > 4)
SELECT _id FROM products WHERE _id NOT IN (SELECT sku FROM orders_items)
SELECT _id FROM customers WHERE _id NOT IN (SELECT customer FROM orders)
SELECT _id FROM customers WHERE _id NOT IN (SELECT customer FROM orders WHERE customer IS NOT NULL)
SELECT _id, who IN (SELECT customer FROM orders WHERE total > 90) FROM events
SELECT _id, amount IN (SELECT amount FROM events WHERE _id > 500) FROM events WHERE _id < 10
SELECT _id, amount FROM events WHERE amount > (SELECT avg(amount) FROM events)
SELECT c._id, (SELECT count(*) FROM orders o WHERE o.customer = c._id) AS n, (SELECT max(o.total) FROM orders o WHERE o.customer = c._id) AS m FROM customers c
SELECT _id FROM orders o WHERE total = (SELECT max(total) FROM orders x WHERE x.customer = o.customer)
SELECT t.kind, t.n FROM (SELECT kind, count(*) AS n FROM events GROUP BY kind) t WHERE t.n > 15
WITH big AS (SELECT customer, sum(total) AS s FROM orders GROUP BY customer) SELECT c.name, b.s FROM customers c JOIN big b ON b.customer = c._id WHERE b.s > 50
WITH a AS (SELECT who, count(*) AS n FROM events GROUP BY who) SELECT max(n), (SELECT min(n) FROM a) FROM a
SELECT kind FROM events UNION SELECT status FROM orders
SELECT who FROM events WHERE amount > 10 UNION ALL SELECT customer FROM orders WHERE total > 80
SELECT who FROM events INTERSECT SELECT customer FROM orders
SELECT who FROM events EXCEPT SELECT customer FROM orders
SELECT name AS n FROM products UNION SELECT name FROM customers ORDER BY n LIMIT 10
SELECT _id FROM events WHERE at >= '2024-01-01' AND at < '2024-07-01'
SELECT _id FROM events WHERE at < '2023-06-15 12:00:00'
SELECT EXTRACT(year FROM at) AS y, EXTRACT(month FROM at) AS m, count(*) FROM events GROUP BY 1, 2
  SELECT CAST(strftime('%Y', at) AS integer) AS y, CAST(strftime('%m', at) AS integer) AS m, count(*) FROM events GROUP BY 1, 2
SELECT _id, EXTRACT(day FROM at), EXTRACT(hour FROM at), EXTRACT(dow FROM at), EXTRACT(doy FROM at) FROM events
  SELECT _id, CAST(strftime('%d', at) AS integer), CAST(strftime('%H', at) AS integer), CAST(strftime('%w', at) AS integer), CAST(strftime('%j', at) AS integer) FROM events
SELECT date_trunc('month', placed) AS m, sum(total) FROM orders GROUP BY 1 ORDER BY 1
  SELECT strftime('%Y-%m-01 00:00:00', placed) AS m, sum(total) FROM orders GROUP BY 1 ORDER BY 1
SELECT _id, to_char(at, 'YYYY-MM-DD HH24:MI') FROM events
  SELECT _id, strftime('%Y-%m-%d %H:%M', at) FROM events
SELECT _id, at + INTERVAL '3 days', at - INTERVAL '2 hours' FROM events
  SELECT _id, datetime(at, '+3 days'), datetime(at, '-2 hours') FROM events
SELECT _id, CAST(at AS date) FROM events
  SELECT _id, date(at) || ' 00:00:00' FROM events
SELECT _id, CAST(placed AS date) - DATE '2024-01-01' FROM orders
  SELECT _id, CAST(julianday(date(placed)) - julianday('2024-01-01') AS integer) FROM orders
SELECT _id, EXTRACT(hour FROM at AT TIME ZONE '+02:00') FROM events
  SELECT _id, CAST(strftime('%H', datetime(at, '+2 hours')) AS integer) FROM events
SELECT _id, row_number() OVER (PARTITION BY kind ORDER BY amount DESC NULLS LAST, _id) FROM events
SELECT _id, rank() OVER (ORDER BY amount NULLS LAST) FROM events
SELECT _id, sum(amount) OVER (PARTITION BY kind ORDER BY _id) FROM events
SELECT _id, lag(amount) OVER (ORDER BY _id), lead(kind, 2) OVER (ORDER BY _id) FROM events
SELECT _id, count(*) OVER (PARTITION BY kind), avg(amount) OVER (PARTITION BY kind) FROM events
SELECT customers._id, orders._id FROM customers JOIN orders USING (_id) WHERE orders.total > 30
SELECT string_agg(name, ', ') FROM products WHERE _id = 'p3'
  SELECT group_concat(name, ', ') FROM products WHERE _id = 'p3'
SELECT c.name, count(*) AS n FROM customers c JOIN orders o ON o.customer = c._id GROUP BY c._id ORDER BY n DESC, c._id LIMIT 5
SELECT _id FROM events WHERE kind = 'buy' AND (amount > 3 OR score IS NULL) AND NOT (who BETWEEN 5 AND 9)
SELECT _id, bool_or(x) FROM (SELECT who AS _id, amount > 10 AS x FROM events) t GROUP BY _id
  SELECT _id, max(x) FROM (SELECT who AS _id, amount > 10 AS x FROM events) t GROUP BY _id
SELECT _id, concat_ws('/', email, name, name), concat_ws('-', email) FROM customers
  SELECT _id, coalesce(email || '/', '') || name || '/' || name, coalesce(email, '') FROM customers
SELECT kind, length(string_agg(kind, ', ')) FROM events GROUP BY kind
  SELECT kind, length(group_concat(kind, ', ')) FROM events GROUP BY kind
SELECT _id, split_part(email, '@', 2) FROM customers
  SELECT _id, substr(email, instr(email, '@') + 1) FROM customers
SELECT _id, date_trunc('week', at), date_trunc('quarter', at), date_trunc('hour', at) FROM events
  SELECT _id, strftime('%Y-%m-%d 00:00:00', at, '-6 days', 'weekday 1'), strftime('%Y-', at) || substr('010404070710', ((CAST(strftime('%m', at) AS integer) - 1) / 3) * 0 + 1, 0) || CASE (CAST(strftime('%m', at) AS integer) - 1) / 3 WHEN 0 THEN '01' WHEN 1 THEN '04' WHEN 2 THEN '07' ELSE '10' END || '-01 00:00:00', strftime('%Y-%m-%d %H:00:00', at) FROM events
SELECT _id, placed < TIMESTAMP '2024-01-01 10:00:00', placed = placed FROM orders
  SELECT _id, placed < '2024-01-01 10:00:00', 1 FROM orders
SELECT o.status, c.vip, count(*) FROM orders o LEFT JOIN customers c ON c._id = o.customer GROUP BY o.status, c.vip HAVING count(*) > 1 ORDER BY o.status, c.vip
  SELECT o.status, c.vip, count(*) FROM orders o LEFT JOIN customers c ON c._id = o.customer GROUP BY o.status, c.vip HAVING count(*) > 1 ORDER BY o.status NULLS LAST, c.vip NULLS LAST
SELECT x.kind, y.n FROM (SELECT DISTINCT kind FROM events WHERE amount > 0) x JOIN (SELECT kind, count(*) AS n FROM events GROUP BY kind) y ON y.kind = x.kind
SELECT _id FROM events e WHERE amount > 15 OR EXISTS (SELECT 1 FROM orders o WHERE o._id = e._id AND o.total > 60)
SELECT _id FROM events WHERE NOT (who IN (SELECT customer FROM orders WHERE total > 50))
SELECT _id FROM events WHERE amount > 12 OR who NOT IN (SELECT customer FROM orders WHERE customer IS NOT NULL)
SELECT _id, CASE WHEN who IN (SELECT customer FROM orders) THEN 'yes' ELSE 'no' END FROM events
SELECT o._id, c.off FROM orders o JOIN orders_items i ON i._parent_id = o._id JOIN orders_items_cuts c ON c._parent_id = i._parent_id AND c._position = i._position WHERE o.status = 'paid'
SELECT _id FROM events WHERE who IN (amount, 3, 4)
SELECT _id FROM events WHERE amount BETWEEN score AND 10
SELECT _id FROM events WHERE amount > NULL OR NOT (amount = NULL)
SELECT _id, (amount > 3) IS UNKNOWN, (amount > 3) IS NOT TRUE FROM events
  SELECT _id, (amount > 3) IS NULL, (amount > 3) IS NOT TRUE FROM events
SELECT _id, '$name', name || '$x', CASE WHEN vip THEN '$email' ELSE '$$ROOT' END FROM customers
SELECT _id FROM customers WHERE name = '$name' OR name IN ('$email', 'Ada') OR coalesce(email, '$name') = '$name'
SELECT _id, name = 'O''Hara', name = 'a\b"c' FROM customers
SELECT c._id, o._id, i.sku FROM customers c LEFT JOIN orders o ON o.customer = c._id LEFT JOIN orders_items i ON i._parent_id = o._id
SELECT c._id, count(o._id), count(i.sku), coalesce(sum(i.qty), 0) FROM customers c LEFT JOIN orders o ON o.customer = c._id LEFT JOIN orders_items i ON i._parent_id = o._id GROUP BY c._id
SELECT kind FROM events UNION SELECT status FROM orders UNION SELECT category FROM products
SELECT count(DISTINCT amount % 3), avg(DISTINCT amount) FROM events
SELECT kind, sum(amount) / count(*), sum(amount) % 4 FROM events GROUP BY kind
SELECT kind, max(score) FROM events GROUP BY kind HAVING max(score) > (SELECT avg(score) FROM events) ORDER BY max(score) DESC, kind
SELECT kind, count(*) FROM events GROUP BY kind ORDER BY count(*) DESC, kind
  SELECT kind, count(*) FROM events GROUP BY kind ORDER BY count(*) DESC, kind NULLS LAST
WITH a AS (SELECT customer, total FROM orders WHERE total IS NOT NULL), b AS (SELECT customer, max(total) AS m FROM a GROUP BY customer) SELECT a.customer, a.total FROM a JOIN b ON b.customer = a.customer AND b.m = a.total
SELECT _id FROM (SELECT _id, amount FROM events ORDER BY amount DESC NULLS LAST, _id LIMIT 10) t WHERE amount > 0
SELECT e._id, (SELECT c.name FROM customers c WHERE c._id = e.who LIMIT 1) AS name FROM events e
SELECT p._id FROM products p WHERE (SELECT count(*) FROM orders_items i WHERE i.sku = p._id) > 5
SELECT o._id FROM orders o WHERE EXISTS (SELECT 1 FROM orders_items i WHERE i._parent_id = o._id AND i.qty > 4)
SELECT o._id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM orders_items i WHERE i._parent_id = o._id AND EXISTS (SELECT 1 FROM products p WHERE p._id = i.sku))
SELECT t.c, count(*) FROM (SELECT coalesce(category, 'none') AS c FROM products) t GROUP BY t.c
SELECT a.kind, b.status FROM (SELECT kind FROM events WHERE amount > 15) a CROSS JOIN (SELECT DISTINCT status FROM orders) b
SELECT _id, abs(amount), -amount % 3, amount * score, power(amount, 2) FROM events
  SELECT _id, abs(amount), -amount % 3, amount * score, amount * amount FROM events
SELECT _id FROM events WHERE -amount > 3 AND amount + 1 < 0
SELECT _id, amount > 3 OR NULL, amount > 3 AND NULL, NOT (amount > 3 AND NULL) FROM events
SELECT who, kind, count(*) FROM events GROUP BY who, kind HAVING count(*) > 1 AND who IS NOT NULL
SELECT min(at), max(at), count(at) FROM events
SELECT _id, at, at > placed FROM (SELECT e._id, e.at, o.placed FROM events e JOIN orders o ON o._id = e._id) t
SELECT _id FROM events WHERE EXTRACT(year FROM at) = 2024 AND EXTRACT(month FROM at) IN (1, 2, 3)
  SELECT _id FROM events WHERE strftime('%Y', at) = '2024' AND CAST(strftime('%m', at) AS integer) IN (1, 2, 3)
SELECT vip, count(*) FROM customers GROUP BY vip ORDER BY vip
  SELECT vip, count(*) FROM customers GROUP BY vip ORDER BY vip NULLS LAST
SELECT count(*) FROM customers c, customers_tags t WHERE t._parent_id = c._id AND c.vip AND t.value IN ('red', 'blue')
SELECT a._parent_id, a.value FROM customers_tags a WHERE a._position = (SELECT max(b._position) FROM customers_tags b WHERE b._parent_id = a._parent_id)
SELECT c._id, t.value FROM customers c JOIN customers_tags t ON t._parent_id = c._id JOIN customers_tags u ON u._parent_id = c._id WHERE t._position = 0 AND u._position = 1
SELECT customers.name, customers_tags.value FROM customers, customers_tags WHERE customers._id = customers_tags._parent_id ORDER BY customers._id, customers_tags._position
SELECT kind, amount, sum(amount) OVER (ORDER BY _id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS s FROM events WHERE amount IS NOT NULL ORDER BY _id
SELECT kind, n, rank() OVER (ORDER BY n DESC) AS r FROM (SELECT kind, count(*) AS n FROM events GROUP BY kind) t
SELECT kind, count(*) AS n, sum(count(*)) OVER () AS whole FROM events GROUP BY kind
SELECT DISTINCT o.customer, i.sku FROM orders o JOIN orders_items i ON i._parent_id = o._id WHERE o.total > 70 ORDER BY o.customer NULLS FIRST, i.sku
SELECT customer FROM orders WHERE total > 50 EXCEPT SELECT who FROM events WHERE amount > 0 UNION SELECT _id FROM customers WHERE vip
SELECT 1 AS one, true, NULL AS nil, 'x' FROM products WHERE _id = 'p1'
SELECT _id, name FROM customers ORDER BY 2 DESC, 1 LIMIT 7
SELECT name AS n, count(*) AS c FROM customers GROUP BY n ORDER BY c DESC, n
SELECT e.kind, sum(CASE WHEN e.amount > 0 THEN 1 ELSE 0 END) AS plus, sum(CASE WHEN e.amount < 0 THEN e.amount END) AS minus FROM events e GROUP BY e.kind
