import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.lang.model.element.Element;
import javax.lang.model.element.TypeElement;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Prints `<file>\t<file>` for each type that javac itself finds named in a source: an identifier or
 * a member select whose symbol is a class. The first argument is the folder paths are relative to,
 * the others are the sources. Missing libraries do not matter: the compiler goes on after errors.
 */
public class Names {
    public static void main(String[] args) throws Exception {
        Path top = Path.of(args[0]).toRealPath();
        List<Path> sources = Stream.of(args).skip(1).map(Path::of).collect(Collectors.toList());
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
        List<String> options = List.of("-proc:none", "-nowarn", "-XDshould-stop.ifError=FLOW", "-Xmaxerrs", "1");
        JavacTask task = (JavacTask) compiler.getTask(
            null, files, diagnostic -> {}, options, null, files.getJavaFileObjectsFromPaths(sources));
        Trees trees = Trees.instance(task);
        Iterable<? extends CompilationUnitTree> units = task.parse();
        task.analyze();
        Map<TypeElement, String> homes = new HashMap<>();
        Set<String> found = new TreeSet<>();
        for (CompilationUnitTree unit : units) {
            String path = relative(top, unit);
            for (Tree type : unit.getTypeDecls()) {
                Element element = trees.getElement(trees.getPath(unit, type));
                if (element instanceof TypeElement) homes.put((TypeElement) element, path);
            }
        }
        for (CompilationUnitTree unit : units) {
            String path = relative(top, unit);
            new TreePathScanner<Void, Void>() {
                @Override public Void visitIdentifier(IdentifierTree node, Void nothing) {
                    note();
                    return super.visitIdentifier(node, nothing);
                }

                @Override public Void visitMemberSelect(MemberSelectTree node, Void nothing) {
                    note();
                    return super.visitMemberSelect(node, nothing);
                }

                private void note() {
                    // The type javac infers for a parameter of a lambda stands nowhere in the source.
                    if (trees.getSourcePositions().getEndPosition(unit, getCurrentPath().getLeaf()) < 0) return;
                    Element element = trees.getElement(getCurrentPath());
                    if (!(element instanceof TypeElement)) return;
                    while (element != null && !homes.containsKey(element)) element = element.getEnclosingElement();
                    String home = homes.get(element);
                    if (home != null && !home.equals(path)) found.add(path + "\t" + home);
                }
            }.scan(unit, null);
        }
        System.out.println(String.join("\n", found));
    }

    private static String relative(Path top, CompilationUnitTree unit) throws Exception {
        return top.relativize(Path.of(unit.getSourceFile().toUri()).toRealPath()).toString();
    }
}
