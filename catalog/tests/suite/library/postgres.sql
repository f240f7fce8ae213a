-- A lending library, as PostgreSQL writes it.
CREATE TABLE author (
    author_id serial PRIMARY KEY,
    name varchar(120) NOT NULL,
    born date,
    is_living boolean NOT NULL DEFAULT true
);
CREATE TABLE book (
    book_id serial PRIMARY KEY,
    isbn char(13) NOT NULL UNIQUE,
    title varchar(200) NOT NULL,
    summary text,
    price numeric(10,2) NOT NULL DEFAULT 0 CHECK (price >= 0),
    weight double precision,
    cover bytea,
    details jsonb
);
CREATE TABLE book_author (
    book_id integer NOT NULL REFERENCES book (book_id) ON DELETE CASCADE,
    author_id integer NOT NULL REFERENCES author (author_id),
    PRIMARY KEY (book_id, author_id)
);
CREATE TABLE book_copy (
    book_id integer NOT NULL,
    copy_no smallint NOT NULL,
    shelf varchar(10),
    state varchar(10) NOT NULL DEFAULT 'new',
    CONSTRAINT book_copy_pkey PRIMARY KEY (book_id, copy_no),
    CONSTRAINT book_copy_book FOREIGN KEY (book_id) REFERENCES book (book_id) ON DELETE CASCADE
);
CREATE TABLE loan (
    loan_id bigserial PRIMARY KEY,
    book_id integer NOT NULL,
    copy_no smallint NOT NULL,
    borrower varchar(80) NOT NULL,
    taken_at timestamp NOT NULL,
    due date NOT NULL,
    back_at timestamp,
    CONSTRAINT loan_copy FOREIGN KEY (book_id, copy_no) REFERENCES book_copy (book_id, copy_no),
    CONSTRAINT one_at_a_time UNIQUE (book_id, copy_no, taken_at)
);
CREATE INDEX loan_by_due ON loan (due);
CREATE VIEW open_loan AS SELECT loan_id, borrower, due FROM loan WHERE back_at IS NULL;
COMMENT ON TABLE loan IS 'who has what';
