package io.github.natsexperiments.pages;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A word of NATS is explained where a reader meets it first: there it is italic or bold, or the
 * passage links to the lesson that explains it. The reference below a page's fold is left out: it
 * is for those who know the words.
 */
final class TermCheck {

  /**
   * A word, in both languages.
   *
   * @param lesson from which on it is looked for: before, it has its everyday meaning
   */
  private record Term(int lesson, Pattern pattern) {
    Term(int lesson, String pattern) {
      this(
          lesson,
          Pattern.compile(
              "\\b(?:" + pattern + ")\\b",
              Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CHARACTER_CLASS));
    }

    boolean isIn(String text) {
      return pattern.matcher(text).find();
    }
  }

  private static final List<Term> TERMS =
      List.of(
          new Term(1, "publishers?|издател\\w+"),
          new Term(1, "subscribers?|подписчик\\w*"),
          new Term(1, "messages?|сообщени\\w+"),
          new Term(1, "subjects?|субъект\\w*"),
          new Term(1, "core NATS"),
          new Term(1, "at most once|не более одного раза"),
          new Term(1, "dispatchers?|диспетчер\\w*"),
          new Term(1, "queue groups?|групп\\w+ очеред\\w+"),
          new Term(1, "requests?|запрос(?!ит|и)\\w*"),
          new Term(1, "inbox"),
          new Term(1, "wildcards?|маск\\w+"),
          new Term(1, "headers?|заголов\\w+"),
          new Term(1, "JetStream"),
          new Term(1, "streams?|поток(?! выполнения)\\w*"),
          new Term(1, "consumers?|консьюмер\\w*"),
          new Term(2, "operators?|оператор\\w*"),
          new Term(2, "accounts?|аккаунт\\w*"),
          new Term(2, "users?|пользовател\\w+"),
          new Term(2, "JWTs?"),
          new Term(1, "credentials|учётны\\w+ данны\\w+"),
          new Term(1, "seeds?"),
          new Term(1, "nkeys?"),
          new Term(1, "nonce"),
          new Term(3, "acks?|подтвержд\\w+"),
          new Term(1, "message ids?|идентификатор\\w*"),
          new Term(1, "idempotent|идемпотентн\\w+"),
          new Term(3, "durable"),
          new Term(1, "at least once|хотя бы один раз"),
          new Term(1, "exactly once|ровно один раз"),
          new Term(4, "listeners?|слушател\\w+"),
          new Term(1, "advisor(?:y|ies)|уведомлени\\w+"),
          new Term(4, "dead letters?|недоставленн\\w+ сообщени\\w+"),
          new Term(1, "buckets?|бакет\\w*"),
          new Term(5, "keys?|ключ\\w*"),
          new Term(5, "put"),
          new Term(5, "revisions?|ревизи\\w+"),
          new Term(5, "watch(?:es|ing)?|наблюда\\w+|наблюдени\\w+"),
          new Term(5, "history|истори\\w+"),
          new Term(1, "purge"),
          new Term(6, "tokens?|токен\\w*"),
          new Term(1, "optimistic concurrency|оптимистическ\\w+ блокировк\\w+"),
          new Term(1, "time to live|TTL"));

  private TermCheck() {}

  /**
   * What is used before it is explained.
   *
   * @param lessons the pages of the lessons, in their order and in one language
   */
  static Stream<Problem> problems(List<Page> lessons) {
    Set<Term> known = new HashSet<>();
    List<Problem> problems = new ArrayList<>();
    for (int i = 0; i < lessons.size(); i++) {
      Page page = lessons.get(i);
      for (Page.Passage passage : page.passages()) {
        for (Term term : TERMS) {
          if (passage.line() < page.fold() && term.lesson() <= i + 1 && term.isIn(passage.text())) {
            boolean explained = passage.emphasised().stream().anyMatch(term::isIn);
            boolean linked = passage.links().stream().anyMatch(link -> link.startsWith("../"));
            if ((explained || !linked) && known.add(term) && !explained) {
              problems.add(page.problem(passage.line(), "not explained yet: " + term.pattern()));
            }
          }
        }
      }
    }
    return problems.stream();
  }
}
