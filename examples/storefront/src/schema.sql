-- The storefront: an outdoor-equipment shop that sells to several countries.
CREATE TABLE countries (
  code TEXT PRIMARY KEY, -- ISO 3166 two-letter code
  name TEXT NOT NULL UNIQUE,
  region TEXT NOT NULL, -- continent or trading region
  currency TEXT NOT NULL -- ISO 4217 code
);

CREATE TABLE warehouses (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  city TEXT NOT NULL,
  country_code TEXT NOT NULL REFERENCES countries(code),
  capacity INTEGER NOT NULL -- pallets
);

CREATE TABLE employees (
  id INTEGER PRIMARY KEY,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  job_title TEXT NOT NULL,
  manager_id INTEGER REFERENCES employees(id), -- NULL for the managing director
  hired_on DATE NOT NULL,
  salary NUMERIC(10,2) NOT NULL -- yearly, in euro
);

CREATE TABLE suppliers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  country_code TEXT NOT NULL REFERENCES countries(code),
  email TEXT,
  rating INTEGER CHECK (rating BETWEEN 1 AND 5)
);

CREATE TABLE categories (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  parent_id INTEGER REFERENCES categories(id) -- NULL for a top category
);

CREATE TABLE products (
  id INTEGER PRIMARY KEY,
  sku TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  category_id INTEGER NOT NULL REFERENCES categories(id),
  supplier_id INTEGER NOT NULL REFERENCES suppliers(id),
  price NUMERIC(10,2) NOT NULL, -- list price in euro
  cost NUMERIC(10,2) NOT NULL, -- what we pay the supplier
  weight_grams INTEGER,
  released_on DATE NOT NULL,
  discontinued BOOLEAN NOT NULL DEFAULT 0
);

CREATE TABLE tags (
  id INTEGER PRIMARY KEY,
  label TEXT NOT NULL UNIQUE
);

CREATE TABLE product_tags (
  product_id INTEGER NOT NULL REFERENCES products(id),
  tag_id INTEGER NOT NULL REFERENCES tags(id),
  PRIMARY KEY (product_id, tag_id)
);

CREATE TABLE inventory (
  warehouse_id INTEGER NOT NULL REFERENCES warehouses(id),
  product_id INTEGER NOT NULL REFERENCES products(id),
  quantity INTEGER NOT NULL, -- pieces on stock
  PRIMARY KEY (warehouse_id, product_id)
);

CREATE TABLE customers (
  id INTEGER PRIMARY KEY,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  email TEXT NOT NULL UNIQUE,
  phone TEXT,
  country_code TEXT NOT NULL REFERENCES countries(code),
  city TEXT NOT NULL,
  birth_date DATE,
  registered_at TIMESTAMP NOT NULL,
  newsletter BOOLEAN NOT NULL DEFAULT 0,
  deleted_at TIMESTAMP -- set when the customer closed the account (soft delete)
);

CREATE TABLE order_statuses (
  code TEXT PRIMARY KEY, -- one letter, as the warehouse system writes it
  label TEXT NOT NULL
);

CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customers(id),
  status_code TEXT NOT NULL REFERENCES order_statuses(code),
  sales_rep_id INTEGER REFERENCES employees(id), -- NULL for orders from the web shop
  placed_at TIMESTAMP NOT NULL, -- when the customer ordered
  shipped_at TIMESTAMP, -- when the parcel left, NULL while it has not
  total NUMERIC(12,2) NOT NULL, -- in euro, discount included
  deleted_at TIMESTAMP -- soft delete of test orders
);

CREATE TABLE order_items (
  order_id INTEGER NOT NULL REFERENCES orders(id),
  line INTEGER NOT NULL,
  product_id INTEGER NOT NULL REFERENCES products(id),
  quantity INTEGER NOT NULL,
  unit_price NUMERIC(10,2) NOT NULL, -- at the time of the order
  discount NUMERIC(4,2) NOT NULL DEFAULT 0, -- share, 0 to 1
  PRIMARY KEY (order_id, line)
);

CREATE TABLE payments (
  id INTEGER PRIMARY KEY,
  order_id INTEGER NOT NULL REFERENCES orders(id),
  method TEXT NOT NULL CHECK (method IN ('card', 'invoice', 'paypal', 'transfer')),
  amount NUMERIC(12,2) NOT NULL,
  paid_at TIMESTAMP NOT NULL
);

CREATE TABLE reviews (
  id INTEGER PRIMARY KEY,
  product_id INTEGER NOT NULL REFERENCES products(id),
  customer_id INTEGER NOT NULL REFERENCES customers(id),
  stars INTEGER NOT NULL CHECK (stars BETWEEN 1 AND 5),
  title TEXT,
  written_at TIMESTAMP NOT NULL
);

CREATE INDEX orders_customer ON orders(customer_id);
CREATE INDEX orders_placed ON orders(placed_at);
CREATE INDEX order_items_product ON order_items(product_id);
CREATE INDEX reviews_product ON reviews(product_id);
CREATE INDEX payments_order ON payments(order_id);

CREATE VIEW open_orders AS
  SELECT o.id, o.customer_id, o.placed_at, o.total
  FROM orders o
  WHERE o.shipped_at IS NULL AND o.deleted_at IS NULL AND o.status_code <> 'X';
