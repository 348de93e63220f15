package io.github.natsexperiments.pages;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.commonmark.ext.gfm.tables.TableBlock;
import org.commonmark.ext.gfm.tables.TableCell;
import org.commonmark.ext.gfm.tables.TableRow;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.CustomBlock;
import org.commonmark.node.CustomNode;
import org.commonmark.node.Emphasis;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.node.HardLineBreak;
import org.commonmark.node.HtmlBlock;
import org.commonmark.node.Image;
import org.commonmark.node.IndentedCodeBlock;
import org.commonmark.node.Node;
import org.commonmark.node.Paragraph;
import org.commonmark.node.SoftLineBreak;
import org.commonmark.node.StrongEmphasis;
import org.commonmark.node.Text;
import org.commonmark.parser.IncludeSourceSpans;
import org.commonmark.parser.Parser;

/** A Markdown file of the course, as GitHub reads it. */
final class Page {

  /** A heading; its anchor is the one that GitHub gives it. */
  record Heading(int level, String text, String anchor, int line) {}

  /** A link or an image, to where it leads. */
  record Link(String destination, boolean image, int line) {}

  /** Code between backticks, or an ordinary piece of text. */
  record Span(boolean code, String text, int line) {}

  /** A table: of each row, of each cell, the code between backticks. */
  record Table(int line, List<List<List<String>>> code) {}

  /**
   * A paragraph, or the cell of a table.
   *
   * @param text what it says, without code between backticks
   * @param emphasised what of it is italic or bold
   * @param links where it leads
   */
  record Passage(String text, List<String> emphasised, List<String> links, int line) {}

  private static final Parser PARSER =
      Parser.builder()
          .extensions(List.of(TablesExtension.create()))
          .includeSourceSpans(IncludeSourceSpans.BLOCKS_AND_INLINES)
          .build();

  private final Path root;
  private final Path file;
  private final List<Heading> headings = new ArrayList<>();
  private final List<Link> links = new ArrayList<>();
  private final List<Span> spans = new ArrayList<>();
  private final List<Table> tables = new ArrayList<>();
  private final List<Block> blocks = new ArrayList<>();
  private final List<Passage> passages = new ArrayList<>();
  private int fold = Integer.MAX_VALUE;

  private Page(Path root, Path file, String text) {
    this.root = root;
    this.file = file;
    PARSER.parse(text).accept(new Reader());
  }

  /**
   * Reads a page.
   *
   * @param root the project's folder
   * @param file the page, in it
   */
  static Page read(Path root, Path file) throws IOException {
    return new Page(root, file, Files.readString(file));
  }

  /** The page's path, from the project's folder. */
  String name() {
    return root.relativize(file).toString();
  }

  Path root() {
    return root;
  }

  Path file() {
    return file;
  }

  Path folder() {
    return file.getParent();
  }

  List<Heading> headings() {
    return headings;
  }

  List<Link> links() {
    return links;
  }

  List<Span> spans() {
    return spans;
  }

  List<Table> tables() {
    return tables;
  }

  List<Block> blocks() {
    return blocks;
  }

  List<Passage> passages() {
    return passages;
  }

  /** The line of the first {@code <details>}: the reference begins there. */
  int fold() {
    return fold;
  }

  Problem problem(int line, String what) {
    return new Problem(name(), line, what);
  }

  /** What is wrong with the blocks, each by itself and in their order. */
  Stream<Problem> blockProblems() {
    List<Problem> problems = new ArrayList<>();
    Map<String, Block> last = new HashMap<>();
    for (Block block : blocks) {
      block.faults().forEach(fault -> problems.add(problem(block.line(), fault)));
      if (block.isCommand()) {
        last.put(block.attribute("terminal").orElse(""), block);
        last.put("any", block);
      } else if (block.isOutput() && !block.attributes().containsKey("not-compared")) {
        String terminal =
            block.attribute("terminal").or(() -> block.attribute("ctrl-c")).orElse("any");
        Block command = last.get(terminal);
        if (command == null || !command.isRun()) {
          problems.add(
              problem(block.line(), "the output of which command? or not-compared=\"WHY\""));
        }
      }
    }
    return problems.stream();
  }

  /** GitHub's rule: letters, digits, hyphens and underscores of any language; the rest goes. */
  static String anchor(String heading) {
    return heading
        .strip()
        .toLowerCase(Locale.ROOT)
        .replaceAll("[^\\p{L}\\p{M}\\p{N}\\p{Pc} -]", "")
        .replace(' ', '-');
  }

  private static int line(Node node) {
    return node.getSourceSpans().isEmpty() ? 0 : node.getSourceSpans().get(0).getLineIndex() + 1;
  }

  private static Passage passage(Node parent) {
    List<String> emphasised = new ArrayList<>();
    List<String> links = new ArrayList<>();
    parent.accept(
        new AbstractVisitor() {
          @Override
          public void visit(Emphasis node) {
            emphasised.add(textOf(node, true));
          }

          @Override
          public void visit(StrongEmphasis node) {
            emphasised.add(textOf(node, true));
          }

          @Override
          public void visit(org.commonmark.node.Link node) {
            links.add(node.getDestination());
          }
        });
    return new Passage(textOf(parent, false), emphasised, links, line(parent));
  }

  private static String textOf(Node parent, boolean withCode) {
    StringBuilder text = new StringBuilder();
    parent.accept(
        new AbstractVisitor() {
          @Override
          public void visit(Text node) {
            text.append(node.getLiteral());
          }

          @Override
          public void visit(Code node) {
            text.append(withCode ? node.getLiteral() : "");
          }

          @Override
          public void visit(SoftLineBreak node) {
            text.append(' ');
          }

          @Override
          public void visit(HardLineBreak node) {
            text.append(' ');
          }

          @Override
          public void visit(Image node) {} // the text is for those who do not see it
        });
    return text.toString();
  }

  private static <T> List<T> children(Node parent, Class<T> type) {
    List<T> children = new ArrayList<>();
    for (Node child = parent.getFirstChild(); child != null; child = child.getNext()) {
      if (type.isInstance(child)) {
        children.add(type.cast(child));
      }
    }
    return children;
  }

  /** Collects what the checks ask for. */
  private final class Reader extends AbstractVisitor {

    private final Map<String, Integer> anchors = new HashMap<>();

    @Override
    public void visit(org.commonmark.node.Heading node) {
      String text = textOf(node, true);
      String anchor = anchor(text);
      int before = anchors.merge(anchor, 1, Integer::sum) - 1;
      String unique = before == 0 ? anchor : anchor + "-" + before;
      headings.add(new Heading(node.getLevel(), text, unique, line(node)));
      visitChildren(node);
    }

    @Override
    public void visit(org.commonmark.node.Link node) {
      links.add(new Link(node.getDestination(), false, line(node)));
      visitChildren(node);
    }

    @Override
    public void visit(Image node) {
      links.add(new Link(node.getDestination(), true, line(node)));
      visitChildren(node);
    }

    @Override
    public void visit(Text node) {
      spans.add(new Span(false, node.getLiteral(), line(node)));
    }

    @Override
    public void visit(Code node) {
      spans.add(new Span(true, node.getLiteral(), line(node)));
    }

    @Override
    public void visit(FencedCodeBlock node) {
      blocks.add(Block.of(node.getInfo().strip(), line(node), node.getLiteral().lines().toList()));
    }

    @Override
    public void visit(Paragraph node) {
      passages.add(passage(node));
      visitChildren(node);
    }

    @Override
    public void visit(HtmlBlock node) {
      if (node.getLiteral().startsWith("<details>")) {
        fold = Math.min(fold, line(node));
      }
    }

    /** Not our way to write one; it has no info string, so it fails as a block of no kind. */
    @Override
    public void visit(IndentedCodeBlock node) {
      blocks.add(Block.of("", line(node), node.getLiteral().lines().toList()));
    }

    @Override
    public void visit(CustomBlock node) {
      if (node instanceof TableBlock) {
        List<List<List<String>>> code = new ArrayList<>();
        for (CustomNode part : children(node, CustomNode.class)) { // the head, the body
          for (TableRow row : children(part, TableRow.class)) {
            children(row, TableCell.class).forEach(cell -> passages.add(passage(cell)));
            code.add(
                children(row, TableCell.class).stream()
                    .map(cell -> children(cell, Code.class).stream().map(Code::getLiteral).toList())
                    .toList());
          }
        }
        tables.add(new Table(line(node), code));
      }
      visitChildren(node);
    }
  }
}
