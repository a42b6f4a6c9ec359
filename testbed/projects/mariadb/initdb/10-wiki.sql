SET NAMES utf8mb4;
CREATE TABLE pages (id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(200) NOT NULL UNIQUE, body LONGTEXT, picture BLOB) CHARACTER SET utf8mb4;
CREATE TABLE links (source INT NOT NULL, target INT NOT NULL, PRIMARY KEY (source, target), FOREIGN KEY (source) REFERENCES pages (id), FOREIGN KEY (target) REFERENCES pages (id)) CHARACTER SET latin1;
INSERT INTO pages (title, body, picture) VALUES ('Zoë', 'naïve', x'00ff10'), ('日本 🗄️', NULL, ''), ('back\\slash', 'tab\there', NULL);
INSERT INTO pages (title, body) SELECT CONCAT('page ', seq), REPEAT('é', seq) FROM seq_1_to_300;
INSERT INTO links SELECT id, id + 1 FROM pages WHERE id < 300;
DELIMITER //
CREATE TRIGGER pages_trim BEFORE INSERT ON pages FOR EACH ROW SET NEW.title = TRIM(NEW.title)//
CREATE PROCEDURE page_count() SELECT COUNT(*) FROM pages//
DELIMITER ;
CREATE DATABASE `second wiki` CHARACTER SET latin1;
CREATE TABLE `second wiki`.notes (id INT PRIMARY KEY, note TEXT);
INSERT INTO `second wiki`.notes VALUES (1, 'naïve');
CREATE USER 'reader'@'%' IDENTIFIED BY 'reader''s own';
GRANT SELECT ON wiki.* TO 'reader'@'%';
