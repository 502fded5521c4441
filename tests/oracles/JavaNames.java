import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.lang.model.element.Element;
import javax.lang.model.element.TypeElement;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Prints `<file>\t<file>` for each type that javac itself finds named in a source: an identifier or
 * a member select whose symbol is a class. The argument is the folder that the paths of the sources,
 * on stdin, are relative to. Missing libraries do not matter: the compiler goes on after errors.
 */
public class JavaNames {
    public static void main(String[] args) throws Exception {
        Path top = Path.of(args[0]).toRealPath();
        BufferedReader listed = new BufferedReader(new InputStreamReader(System.in));
        List<Path> sources = listed.lines().map(top::resolve).collect(Collectors.toList());
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
